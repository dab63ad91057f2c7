//! `bgad review`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct ReviewArguments {
    /// The folder of a run, or a model file. Only a run can be taught.
    #[arg(value_name = "RUN_DIR|MODEL")]
    pub model: PathBuf,
    /// Folders of images, with all their sub-folders; new images appear on the page.
    #[arg(value_name = "IMAGES_FOLDER")]
    pub folders: Vec<PathBuf>,
    /// The address to listen on. Addresses that other machines can reach need a token, which is part of the
    /// printed address.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: IpAddr,
    /// The port; 0 takes a free one [default: 8733, or a free one if 8733 is taken].
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// A name that browsers use for this machine instead of its address.
    #[arg(long, value_name = "HOST")]
    pub name: Vec<String>,
    /// The largest image that the page may send, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub upload_limit: u32,
    /// Don't open the page in a browser.
    #[arg(long)]
    pub no_open: bool,
    /// The program that learns, instead of this one; for tests.
    #[arg(long, value_name = "PROGRAM", hide = true)]
    pub learner: Option<PathBuf>,
}
