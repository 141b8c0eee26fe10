//! A small web on 127.0.0.2 for a browser to look at, and a place on 127.0.0.1 that nobody may reach.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::render::proxy::Reach;
use jianzheng::crawl::render::{Limits, Renderer, Settings, program};
use jianzheng::crawl::resolver::{Looking, Lookup};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

#[derive(Default)]
struct State {
    pages: HashMap<String, (&'static str, &'static str)>,
    asked: HashMap<String, usize>,
    /// Method and path of what was asked by another method than GET.
    said: Vec<String>,
    agents: Vec<String>,
    names: HashMap<String, SocketAddr>,
}

/// The web: all names ending in `.example` lead to it, but those that are pointed elsewhere.
#[derive(Clone)]
pub struct Web {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Web {
    pub async fn start() -> Web {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let web = Web { address: listener.local_addr().unwrap(), state: Arc::default() };
        let serving = web.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let web = serving.clone();
                tokio::spawn(async move { web.serve(stream).await });
            }
        });
        web
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn page(&self, path: &str, html: &'static str) {
        self.file(path, "text/html; charset=utf-8", html);
    }

    pub fn file(&self, path: &str, kind: &'static str, body: &'static str) {
        self.state.lock().unwrap().pages.insert(path.to_owned(), (kind, body));
    }

    pub fn point(&self, name: &str, address: SocketAddr) {
        self.state.lock().unwrap().names.insert(name.to_owned(), address);
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.state.lock().unwrap().asked.get(path).copied().unwrap_or(0)
    }

    /// Method and path of requests that were no GET.
    pub fn said(&self) -> Vec<String> {
        self.state.lock().unwrap().said.clone()
    }

    pub fn agents(&self) -> Vec<String> {
        self.state.lock().unwrap().agents.clone()
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let target = head.split(' ').nth(1)?;
        let path = target.split('?').next()?;
        let answer = {
            let mut state = self.state.lock().unwrap();
            *state.asked.entry(path.to_owned()).or_default() += 1;
            if !head.starts_with("GET ") {
                state.said.push(head.split(' ').take(2).collect::<Vec<_>>().join(" "));
            }
            let agent = head.lines().find_map(|line| line.strip_prefix("User-Agent: "));
            state.agents.extend(agent.map(str::to_owned));
            match state.pages.get(path) {
                Some((kind, body)) => {
                    format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    )
                }
                None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
            }
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        let _ = stream.read(&mut [0]).await;
        Some(())
    }
}

impl Lookup for Web {
    fn lookup<'a>(&'a self, name: &'a str) -> Looking<'a> {
        Box::pin(async move {
            let pointed = self.state.lock().unwrap().names.get(name).copied();
            match pointed {
                Some(address) => Ok(vec![address]),
                None if name.ends_with(".example") => Ok(vec![self.address]),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        })
    }
}

/// A renderer with this machine's browser; none, said aloud, where there is none.
pub fn renderer(web: &Web, folder: &Path, limits: Limits) -> Option<Renderer> {
    is_browser_here().then(|| built(web, folder, browser(), limits, false))
}

fn browser() -> Option<PathBuf> {
    program::find(&std::env::var_os("PATH").unwrap_or_default())
}

/// Whether this machine has a browser; said aloud where it has none.
pub fn is_browser_here() -> bool {
    let here = browser().is_some();
    if !here {
        eprintln!("SKIPPED: no Chromium on this machine, nothing was rendered");
    }
    here
}

/// A renderer with a given program, or none.
pub fn with_program(web: &Web, folder: &Path, program: Option<PathBuf>) -> Renderer {
    built(web, folder, program, Limits::default(), false)
}

/// A renderer whose browser keeps its sandbox.
pub fn with_sandbox(web: &Web, folder: &Path) -> Option<Renderer> {
    is_browser_here().then(|| built(web, folder, browser(), Limits::default(), true))
}

/// The browser by another name, started without those flags that begin so.
pub fn without_flag(folder: &Path, flag: &str) -> PathBuf {
    let script = folder.join("unguarded");
    let text = format!(
        "#!/bin/bash\nkept=()\nfor a in \"$@\"; do [[ $a == {flag}* ]] || kept+=(\"$a\"); done\nexec {} \"${{kept[@]}}\"\n",
        browser().unwrap().display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    script
}

fn built(web: &Web, folder: &Path, program: Option<PathBuf>, limits: Limits, sandbox: bool) -> Renderer {
    let guard = Guard::new(vec!["127.0.0.2/32".parse().unwrap()]);
    let reach = Reach::new(guard, Arc::new(web.clone()), None, &[], Duration::from_secs(5)).unwrap();
    Renderer::new(Settings {
        program,
        sandbox,
        folder: folder.to_owned(),
        reach: Arc::new(reach),
        agent: "jianzheng/test".to_owned(),
        limits,
    })
}

/// What nobody may reach: it counts who comes.
pub struct Inside {
    pub tcp: SocketAddr,
    pub udp: SocketAddr,
    connections: Arc<AtomicUsize>,
    packets: Arc<AtomicUsize>,
}

impl Inside {
    pub async fn start() -> Inside {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let inside = Inside {
            tcp: listener.local_addr().unwrap(),
            udp: socket.local_addr().unwrap(),
            connections: Arc::default(),
            packets: Arc::default(),
        };
        let (connections, packets) = (inside.connections.clone(), inside.packets.clone());
        tokio::spawn(async move {
            loop {
                listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
            }
        });
        tokio::spawn(async move {
            loop {
                socket.recv(&mut [0; 100]).await.unwrap();
                packets.fetch_add(1, Ordering::SeqCst);
            }
        });
        inside
    }

    /// Connections and packets that came.
    pub fn met(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.packets.load(Ordering::SeqCst))
    }
}
