//! The server: its address and its threads.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::digest;
use crate::engine::Engines;
use crate::error::{Result, ReviewError};
use crate::http::{App, Guard, router};
use crate::project::Project;
use crate::scoring;
use crate::view::Limits;

/// How long to wait at the end for answers in progress.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most uploads in memory at the same time.
const LARGE_AT_A_TIME: usize = 3;

/// What to open, and for whom.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A model's file, or the folder of a run.
    pub model: PathBuf,
    /// Folders of images, which are watched for new ones.
    pub folders: Vec<PathBuf>,
    /// The address to listen on. If others can reach it, they need a token.
    pub listen: IpAddr,
    /// The port; 0 for a free one.
    pub port: u16,
    /// Names that browsers may use for this machine, besides `localhost` and its addresses.
    pub names: Vec<String>,
    /// The largest image that may be uploaded, in bytes.
    pub upload_bytes: usize,
}

impl Options {
    /// A page for this machine's user only, on a free port, with images of at most 64 MiB.
    pub fn new(model: PathBuf) -> Self {
        Self {
            model,
            folders: Vec::new(),
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            names: Vec::new(),
            upload_bytes: 64 << 20,
        }
    }
}

/// A running server. Dropping it ends the server and a running lesson.
pub struct Server {
    address: SocketAddr,
    /// The name or address that browsers use.
    host: String,
    token: Option<String>,
    project: Arc<Project>,
    threads: Vec<JoinHandle<()>>,
    /// `None` while the server is ending.
    runtime: Option<Runtime>,
}

impl Server {
    /// Opens the model and starts to answer.
    ///
    /// # Errors
    /// If the model, a folder or the decisions can't be read, or the address is in use.
    pub fn start(engines: Box<dyn Engines>, options: &Options) -> Result<Self> {
        let project = Arc::new(Project::open(engines, &options.model)?);
        for folder in &options.folders {
            project.watch(folder)?;
        }
        let wanted = SocketAddr::new(options.listen, options.port);
        let failed = |source| ReviewError::Address {
            address: wanted.to_string(),
            source,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("review")
            .enable_all()
            .build()
            .map_err(failed)?;
        let listener = runtime
            .block_on(TcpListener::bind(wanted))
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let is_private = options.listen.is_loopback();
        let token = match is_private {
            true => None,
            false => Some(random(16)?),
        };
        let app = App {
            project: Arc::clone(&project),
            guard: Guard::new(address, options.names.clone(), token.clone()),
            limits: Limits {
                upload_bytes: options.upload_bytes,
                may_open: is_private,
            },
            instance: random(8)?,
            large: tokio::sync::Semaphore::new(LARGE_AT_A_TIME),
        };
        let router = router(Arc::new(app));
        runtime.spawn(async move {
            // It ends only with the runtime.
            let _ = axum::serve(listener, router).await;
        });
        let thread = |work: fn(&Project)| {
            let project = Arc::clone(&project);
            std::thread::spawn(move || work(&project))
        };
        let threads = vec![thread(scoring::score), thread(scoring::watch)];
        Ok(Self {
            address,
            host: host(address, &options.names),
            token,
            project,
            threads,
            runtime: Some(runtime),
        })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's URL, with the token if one is required.
    pub fn url(&self) -> String {
        let Self { host, .. } = self;
        match &self.token {
            None => format!("http://{host}/"),
            Some(token) => format!("http://{host}/?token={token}"),
        }
    }

    /// The folder of the decisions.
    pub fn store(&self) -> PathBuf {
        self.project.state().store.folder().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.project.state();
        state.ending = true;
        state.lessons.stop();
        self.threads.extend(state.lessons.thread());
        drop(state);
        self.project.tell();
        // Finishes what is being stored, and then frees the decisions for another server.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(PATIENCE);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What browsers call `address`. One that stands for all of this machine's can't be opened; then it is the first
/// of `names` or the machine's own.
fn host(address: SocketAddr, names: &[String]) -> String {
    let port = address.port();
    match (address.ip().is_unspecified(), names.first()) {
        (false, _) => address.to_string(),
        (true, Some(name)) => format!("{name}:{port}"),
        (true, None) => {
            let own = own_address(address.ip()).unwrap_or(Ipv4Addr::LOCALHOST.into());
            SocketAddr::new(own, port).to_string()
        }
    }
}

/// This machine's address in its network.
fn own_address(listen: IpAddr) -> Option<IpAddr> {
    // Nothing is sent: the system only says from which address it would send. These are addresses for
    // documents, which belong to nobody.
    let elsewhere = match listen {
        IpAddr::V4(_) => "192.0.2.1:9",
        IpAddr::V6(_) => "[2001:db8::1]:9",
    };
    let socket = UdpSocket::bind(SocketAddr::new(listen, 0)).ok()?;
    socket.connect(elsewhere).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Random bytes in hexadecimal.
fn random(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| {
        ReviewError::Unsupported(format!("this system gives no random numbers: {error}"))
    })?;
    Ok(digest::hexadecimal(&random))
}
