//! The tools of a hand, as far as the example scripts use them: what they print has the same form.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs a call in a workspace: what the model is told.
pub fn run(workspace: &Path, tool: &str, input: &Value) -> String {
    let text = |field: &str| input[field].as_str().unwrap_or_default();
    match tool {
        "bash" => bash(workspace, text("command")),
        "read" => read(workspace, text("file_path"), &input["view_range"]),
        "write" => {
            let (path, content) = (text("file_path"), text("content"));
            std::fs::write(workspace.join(path), content).unwrap();
            format!("wrote {} bytes to {path}", content.len())
        }
        "edit" => edit(workspace, text("file_path"), text("old_string"), text("new_string")),
        "glob" => bash(workspace, &format!("shopt -s globstar; ls -1 {}", text("pattern"))),
        "grep" => {
            let path = input["path"].as_str().unwrap_or(".");
            let command = format!("grep -rnHE '{}' {path} || echo 'no matches'", text("pattern"));
            bash(workspace, &command)
        }
        other => panic!("the examples do not use `{other}`"),
    }
}

pub fn bash(workspace: &Path, command: &str) -> String {
    let run = Command::new("/bin/bash").arg("-c").arg(command).current_dir(workspace).output();
    let run = run.unwrap();
    let mut text = String::from_utf8([run.stdout, run.stderr].concat()).unwrap();
    if !run.status.success() {
        text.push_str(&format!("[exit status {}]", run.status.code().unwrap_or(-1)));
    }
    if text.is_empty() { "[no output]".to_owned() } else { text }
}

fn read(workspace: &Path, path: &str, range: &Value) -> String {
    let text = std::fs::read_to_string(workspace.join(path)).unwrap();
    let Some(last) = range[1].as_u64() else { return text };
    let first = range[0].as_u64().unwrap() as usize;
    let lines: Vec<&str> = text.lines().take(last as usize).skip(first - 1).collect();
    lines.join("\n")
}

fn edit(workspace: &Path, path: &str, old: &str, new: &str) -> String {
    let file = workspace.join(path);
    let text = std::fs::read_to_string(&file).unwrap();
    match text.matches(old).count() {
        1 => {
            std::fs::write(&file, text.replace(old, new)).unwrap();
            format!("edited {path} (1 replacement(s))")
        }
        0 => format!("edit: old_string does not occur in {path}"),
        count => format!("edit: old_string occurs {count} times in {path}"),
    }
}
