//! What a session finds in its workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::job::Seed;

/// Directories that are never part of a copy: what builds and runs leave behind.
const SKIPPED: [&str; 3] = ["target", ".planaria", ".git"];
/// Files in a seed. A workspace is for an agent to look through, not for a disk image.
const FILES_MAX: usize = 50_000;

/// What became of a workspace.
#[derive(Debug, PartialEq, Eq)]
pub enum Planted {
    /// It was there, or it is as it was asked for.
    AsAsked,
    /// What git tracks was asked for, and everything below this directory was copied.
    WithoutGit(PathBuf),
}

/// Fills a workspace once. A half-filled one of an interrupted start is done anew: the workspace
/// appears under its name only when it is complete.
///
/// Our own data directory is not copied, wherever it lies.
pub fn plant(workspace: &Path, seed: Option<&Seed>, data_dir: &Path) -> anyhow::Result<Planted> {
    let mut planted = Planted::AsAsked;
    if workspace.exists() {
        return Ok(planted);
    }
    let parent = workspace.parent().context("a workspace has a parent directory")?;
    std::fs::create_dir_all(parent)?;
    let name = workspace.file_name().unwrap_or_default().to_string_lossy();
    let half = parent.join(format!("{name}.seeding"));
    if half.exists() {
        std::fs::remove_dir_all(&half)?;
    }
    std::fs::create_dir_all(&half)?;
    if let Some(seed) = seed {
        let skipped = std::fs::canonicalize(data_dir)?;
        let (root, files) = match seed {
            Seed::Copy(root) => (root, walk(root, &skipped)?),
            Seed::Repository(root) => match tracked(root) {
                Some(files) => (root, files),
                None => {
                    planted = Planted::WithoutGit(root.clone());
                    (root, walk(root, &skipped)?)
                }
            },
        };
        copy(root, &files, &half)?;
    }
    std::fs::rename(&half, workspace)
        .with_context(|| format!("make the workspace {}", workspace.display()))?;
    Ok(planted)
}

fn copy(root: &Path, files: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    ensure!(files.len() <= FILES_MAX, "{} has more than {FILES_MAX} files", root.display());
    for file in files {
        let from = root.join(file);
        // Tracked, but deleted or a submodule; a link would lead out of the workspace.
        if !from.symlink_metadata().is_ok_and(|m| m.is_file()) {
            continue;
        }
        let target = to.join(file);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(&from, &target).with_context(|| format!("copy {}", from.display()))?;
    }
    Ok(())
}

/// What git tracks below `root`; `None` where git or a repository is missing.
fn tracked(root: &Path) -> Option<Vec<PathBuf>> {
    let output = Command::new("git").arg("-C").arg(root).args(["ls-files", "-z"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let files: Vec<PathBuf> = text.split('\0').filter(|f| !f.is_empty()).map(Into::into).collect();
    (output.status.success() && !files.is_empty()).then_some(files)
}

fn walk(root: &Path, skipped: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        let path = root.join(&dir);
        let entries =
            std::fs::read_dir(&path).with_context(|| format!("read {}", path.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = dir.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                let by_name = SKIPPED.iter().any(|skipped| entry.file_name() == *skipped);
                if !by_name && std::fs::canonicalize(entry.path())? != skipped {
                    open.push(name);
                }
            } else {
                files.push(name);
            }
        }
        ensure!(files.len() <= FILES_MAX, "{} has more than {FILES_MAX} files", root.display());
    }
    files.sort();
    Ok(files)
}
