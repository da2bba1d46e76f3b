// TinyTrail: no cookie, no storage
(()=>{
let {src,dataset:{id,local,respectDnt}}=document.currentScript,
queue=[],referrer=document.referrer,here,mark,state, // 1 seen, 2 left

add=(now,event_type,props,event_name)=>{
 try{
  event_type&&queue.push(JSON.stringify({
   website_id:id,
   event_type,
   url:location.href,
   path:location.pathname,
   referrer,
   screen_width:innerWidth,
   screen_height:innerHeight,
   properties:props&&{...props,event_name}
  }))
  if((queue+"")[now?0:5e3])navigator.sendBeacon(new URL("../api/v1/collect",src),`[${queue.splice(0)}]`)
 }catch{}
},
see=()=>state||document.hidden||add(state=1,"page_view"),
leave=()=>state&&add(1,state++<2&&"close_tab"),
open=()=>{
 here=new URL(location)
 state=0
 mark=1
 see()
},
move=()=>location.pathname==here.pathname||open(referrer=here.href),
click=({button,target})=>{
 let link=target.closest?.("a")
 if(button<2&&/^http/.test(link)&&link.hostname!=location.hostname)
  add(0,"outbound_link",{url:link.origin+link.pathname})
}

if(window.analytics?.[id])return
window.analytics={[id]:id,track:(name,props)=>here&&add(0,"custom",props||{},name)}

if(
 navigator.webdriver||
 respectDnt!=null&&(navigator.doNotTrack==1||navigator.globalPrivacyControl)||
 local==null&&/^$|^127\.|^\[::1]|\blocal(host)?$/.test(location.hostname)
)return

for(let name of["pushState","replaceState"]){
 let original=history[name]
 history[name]=(...args)=>[original.apply(history,args),move()][0]
}
addEventListener("popstate",move)
addEventListener("pageshow",event=>event.persisted&&open())
addEventListener("pagehide",leave)
addEventListener("click",click,true)
addEventListener("auxclick",click,true)
addEventListener("scroll",()=>{
 while(mark<4&&scrollY+innerHeight>=document.documentElement.scrollHeight*mark/4)add(0,"scroll_"+25*mark++)
})
addEventListener("visibilitychange",()=>document.hidden?leave():see())
open()
})()
