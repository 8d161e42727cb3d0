//! Files, folders and standard input, each perhaps gzipped, as bytes.

use crate::shown;
use flate2::bufread::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

/// One input is held in memory as a whole; a compressed one may not grow beyond this.
pub(crate) const INPUT_BYTES_MAX: u64 = 1 << 30;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// CloudTrail keeps the digests of its log files beside them; there is no record in them.
const DIGESTS: &str = "CloudTrail-Digest";

#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("could not list the folder")]
    Folder(#[source] io::Error),
    #[error("could not open the file")]
    Open(#[source] io::Error),
    #[error("could not read on after {read} bytes, what came before is judged")]
    Read {
        read: usize,
        #[source]
        error: io::Error,
    },
    #[error("the gzip stream breaks off after {read} decompressed bytes, what came before is judged")]
    Gzip {
        read: usize,
        #[source]
        error: io::Error,
    },
    #[error("more than {INPUT_BYTES_MAX} bytes, the rest is not judged")]
    TooLarge,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => f.write_str(&shown::path(path)),
        }
    }
}

/// What could be read, and what kept the rest from being read.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) bytes: Vec<u8>,
    pub(crate) trouble: Option<InputError>,
}

/// One path: `-` is standard input.
pub(crate) fn source(path: &Path) -> Source {
    if path.as_os_str() == "-" { Source::Stdin } else { Source::File(path.to_owned()) }
}

/// The files behind the paths: `-` is standard input, a folder all that is in it, in the order of names. Hidden
/// files, and folders that are links, are passed over.
pub(crate) fn sources(paths: &[PathBuf]) -> (Vec<Source>, Vec<(PathBuf, InputError)>) {
    let (mut sources, mut troubles) = (Vec::new(), Vec::new());
    for path in paths {
        match source(path) {
            Source::File(folder) if folder.is_dir() => walk(&folder, &mut sources, &mut troubles),
            source => sources.push(source),
        }
    }
    (sources, troubles)
}

fn walk(top: &Path, sources: &mut Vec<Source>, troubles: &mut Vec<(PathBuf, InputError)>) {
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries = match list(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                troubles.push((folder, InputError::Folder(error)));
                continue;
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        let first_folder = folders.len();
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            if name.as_encoded_bytes().starts_with(b".") || name == DIGESTS {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if !path.is_dir() {
                sources.push(Source::File(path));
            }
        }
        // The first by name is taken next.
        folders.get_mut(first_folder..).unwrap_or_default().reverse();
    }
}

fn list(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    fs::read_dir(folder)?.collect()
}

/// The decompressed bytes, as far as they can be had.
pub(crate) fn read(source: &Source) -> Input {
    match source {
        Source::Stdin => decompressed(BufReader::new(io::stdin().lock())),
        Source::File(path) => match File::open(path) {
            Ok(file) => decompressed(BufReader::new(file)),
            Err(error) => Input { bytes: Vec::new(), trouble: Some(InputError::Open(error)) },
        },
    }
}

fn decompressed(mut reader: impl BufRead) -> Input {
    // A pipe may hand out its first byte alone.
    let mut start = Vec::new();
    let first = reader.by_ref().take(2).read_to_end(&mut start);
    let gzipped = start == GZIP_MAGIC;
    let whole = Cursor::new(start).chain(reader);
    let mut bytes = Vec::new();
    let result = first.and_then(|_| {
        if gzipped {
            MultiGzDecoder::new(whole).take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes)
        } else {
            whole.take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes)
        }
    });
    let read = bytes.len();
    let trouble = match result {
        Err(error) if gzipped => Some(InputError::Gzip { read, error }),
        Err(error) => Some(InputError::Read { read, error }),
        Ok(_) if u64::try_from(read).is_ok_and(|read| read > INPUT_BYTES_MAX) => Some(InputError::TooLarge),
        Ok(_) => None,
    };
    Input { bytes, trouble }
}
