"""What a fresh database is given: an account, and an admin to sign in with."""

from tinytrail.core.connect import Tx
from tinytrail.web.accounts import all_accounts, insert_account
from tinytrail.web.users import NewUser, all_users, api_key_of, insert_user

FIRST_ACCOUNT = "My account"


def make_first_admin(tx: Tx, secret: bytes, now: float) -> str | None:
    """The new admin's API key; None where there is a user or an account already."""
    if all_accounts(tx) or all_users(tx):
        return None
    account = insert_account(tx, FIRST_ACCOUNT, now)
    admin = insert_user(tx, NewUser(account_id=account.id, role="admin"), secret, now)
    return api_key_of(admin, secret)
