"""uvicorn's WebSockets, with a bound that they lack: how much a client may say."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from tinytrail.protocol import PATIENCE

MOST_SAID = 16 * 1024  # bytes in so many seconds (PATIENCE); a frame may take six of them


class WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's, but a handshake that went wrong does not keep the server from stopping, and what clients say
    is not kept: nobody listens, and an endless message takes all memory. Who says much is hung up on."""

    said: int | None = None  # bytes since `said_since`; None before the handshake
    said_since = 0.0

    def data_received(self, data: bytes) -> None:
        now = self.loop.time()
        if self.said is None or now - self.said_since > PATIENCE:
            self.said, self.said_since = 0 if self.said is None else len(data), now
        else:
            self.said += len(data)
        if self.said > MOST_SAID:
            self.transport.abort()
        else:
            super().data_received(data)

    def handle_text(self, event: Frame) -> None: ...

    def handle_bytes(self, event: Frame) -> None: ...

    def handle_cont(self, event: Frame) -> None: ...

    def shutdown(self) -> None:
        try:
            super().shutdown()
        except Exception:
            self.transport.abort()
