//! Stored scores and maps, so that a restart does not compute them again. All of them may be deleted.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use bgad::RgbImage;
use serde::{Deserialize, Serialize};

use crate::encoding;
use crate::engine::Finding;
use crate::entry::{Entry, Scored, Stamp};
use crate::error::{Result, ReviewError};

/// The stored findings of one model.
#[derive(Debug)]
pub(crate) struct Kept {
    maps: PathBuf,
    thumbnails: PathBuf,
    log: PathBuf,
    found: HashMap<String, (Stamp, Scored)>,
}

/// A line of the log.
#[derive(Serialize, Deserialize)]
struct Line<I, S> {
    id: I,
    stamp: Stamp,
    scored: S,
}

impl Kept {
    /// The findings in `cache` of the model with this digest. A truncated line is ignored.
    pub(crate) fn of(cache: &Path, digest: &str) -> Result<Self> {
        let maps = cache.join("maps").join(digest);
        bgad_files::create_folder(&maps).map_err(ReviewError::io(&maps))?;
        let log = cache.join(format!("scores-{digest}.jsonl"));
        let mut found = HashMap::new();
        if let Ok(file) = File::open(&log) {
            for line in BufReader::new(file).lines().map_while(std::io::Result::ok) {
                if let Ok(line) = serde_json::from_str::<Line<String, Scored>>(&line) {
                    found.insert(line.id, (line.stamp, line.scored));
                }
            }
        }
        Ok(Self {
            maps,
            thumbnails: cache.join("thumbnails"),
            log,
            found,
        })
    }

    /// The finding for an image, if its file is unchanged.
    pub(crate) fn scored(&self, entry: &Entry) -> Option<Scored> {
        let (stamp, scored) = self.found.get(&entry.id)?;
        (*stamp == entry.stamp).then(|| scored.clone())
    }

    /// The path of an image's map.
    pub(crate) fn map(&self, id: &str) -> PathBuf {
        self.maps.join(format!("{id}.png"))
    }

    /// The path of an image's thumbnail, which may not exist yet.
    pub(crate) fn thumbnail(&self, entry: &Entry) -> PathBuf {
        let Stamp { length, modified } = entry.stamp;
        let name = format!("{}-{modified:x}-{length:x}.jpg", entry.id);
        self.thumbnails.join(name)
    }

    /// Writes a finding and the thumbnail. It takes only paths, so that it needs no lock on `self`.
    pub(crate) fn write(places: &Places, image: &RgbImage, finding: &Finding) -> Result<Scored> {
        if let Some(map) = &finding.map {
            let bytes = encoding::levels(map)?;
            bgad_files::write_replaceable(&places.map, &bytes)
                .map_err(ReviewError::io(&places.map))?;
        }
        if !places.thumbnail.exists() {
            let bytes = encoding::thumbnail(image)?;
            bgad_files::write_replaceable(&places.thumbnail, &bytes)
                .map_err(ReviewError::io(&places.thumbnail))?;
        }
        Ok(Scored {
            score: finding.score,
            p_value: finding.p_value,
            size: finding.size,
            has_map: finding.map.is_some(),
            regions: finding.regions.clone(),
        })
    }

    /// The paths of an image's files.
    pub(crate) fn places(&self, entry: &Entry) -> Places {
        Places {
            map: self.map(&entry.id),
            thumbnail: self.thumbnail(entry),
        }
    }

    /// Records scores for the next start. What can't be recorded is computed again.
    pub(crate) fn note<'a>(&mut self, scored: impl Iterator<Item = (&'a Entry, &'a Scored)>) {
        let mut text = Vec::new();
        for (entry, scored) in scored {
            let line = Line {
                id: &entry.id,
                stamp: entry.stamp,
                scored,
            };
            if serde_json::to_writer(&mut text, &line).is_ok() {
                text.push(b'\n');
            }
            let kept = (entry.stamp, scored.clone());
            self.found.insert(entry.id.clone(), kept);
        }
        let file = File::options().create(true).append(true).open(&self.log);
        let _ = file.and_then(|mut file| file.write_all(&text));
    }
}

/// The paths of one image's files.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    map: PathBuf,
    thumbnail: PathBuf,
}
