// TinyTrail: no cookie, no storage
(()=>{
let {src, dataset:{id, local, respectDnt}} = document.currentScript
let queue=[], referrer=document.referrer, here, mark, state // 1 seen, 2 left

let add=(now, event_type, props, event_name)=>{
 try{
  if(event_type) queue.push(JSON.stringify({
   website_id:id,
   event_type,
   url:location.href,
   path:location.pathname,
   referrer,
   screen_width:innerWidth,
   screen_height:innerHeight,
   properties:props&&{...props, event_name}
  }))
  if((queue+"")[now?0:5e3]) navigator.sendBeacon(new URL("../api/v1/collect", src), `[${queue.splice(0)}]`)
 }catch{}
}
let see=()=>state||document.hidden||add(state=1, "page_view")
let leave=()=>state&&add(1, state++<2&&"close_tab")
let open=()=>{
 here=new URL(location)
 state=0
 mark=25
 see()
}
let move=()=>{
 if(location.pathname!=here.pathname) referrer=here.href, open()
}
let click=({button, target})=>{
 let link=target.closest?.("a")
 if(button<2&&/^http/.test(link?.href)&&link.hostname!=location.hostname)
  add(0, "outbound_link", {url:link.origin+link.pathname})
}

window.analytics={track:(name, props)=>here&&add(0, "custom", props||{}, name)}

if(
 navigator.webdriver||
 respectDnt!=null&&(navigator.doNotTrack==1||navigator.globalPrivacyControl)||
 local==null&&/^$|^127\.|^\[::1]|\blocal(host)?$/.test(location.hostname)
) return

for(let method of ["pushState", "replaceState"]){
 let original=history[method]
 history[method]=(...args)=>{
  original.apply(history, args)
  move()
 }
}
addEventListener("popstate", move)
addEventListener("pageshow", event=>event.persisted&&open())
addEventListener("pagehide", leave)
addEventListener("click", click, true)
addEventListener("auxclick", click, true)
addEventListener("scroll", ()=>{
 for(; mark<99&&scrollY+innerHeight>=document.documentElement.scrollHeight*mark/100; mark+=25)
  add(0, "scroll_"+mark)
})
addEventListener("visibilitychange", ()=>document.hidden?leave():see())
open()
})()
