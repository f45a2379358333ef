//! The tree as lines of text.

use super::Line;
use crate::terminal::tame;

/// What the branches are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Box-drawing characters.
    Box,
    /// Nothing that a terminal of 1970 lacks.
    Ascii,
}

impl Style {
    /// A branch, the last branch, and beside them: a line that goes on, a gap.
    fn strokes(self) -> [&'static str; 4] {
        match self {
            Self::Box => ["├─ ", "└─ ", "│  ", "   "],
            Self::Ascii => ["|- ", "`- ", "|  ", "   "],
        }
    }

    fn dots(self) -> &'static str {
        match self {
            Self::Box => "…",
            Self::Ascii => "...",
        }
    }
}

/// One line per node; parents stand before their children.
pub fn draw(lines: &[Line], style: Style) -> Vec<String> {
    let [branch, last, bar, gap] = style.strokes();
    // From the end: whether at each depth another child of the same parent follows.
    let mut follows: Vec<bool> = Vec::new();
    let mut drawn: Vec<String> = Vec::with_capacity(lines.len());
    for line in lines.iter().rev() {
        let depth = line.node.path.matches('/').count();
        follows.resize(depth + 1, false);
        let mut text = String::new();
        for more in follows.iter().take(depth).skip(1) {
            text.push_str(if *more { bar } else { gap });
        }
        if depth > 0 {
            text.push_str(if follows[depth] { branch } else { last });
        }
        follows[depth] = true;
        text.push_str(&words(line, style));
        drawn.push(text);
    }
    drawn.reverse();
    drawn
}

/// What a line says.
fn words(Line { node, session }: &Line, style: Style) -> String {
    let mut words = vec![node.path.rsplit('/').next().unwrap_or(&node.path).to_owned()];
    if let Some(name) = session.as_ref().and_then(|session| session.name.as_ref()) {
        words[0].push_str(&format!(" ({})", tame(name)));
    }
    words.push(node.status.clone());
    if let Some(session) = session {
        words.push(session.state.clone());
        if let Some(what) = &session.waits_for {
            words.push(format!("waits for {}", tame(what)));
        }
        if session.tokens > 0 {
            words.push(format!("steps {}, tokens {}", session.steps, session.tokens));
        }
    }
    if node.restarts > 0 {
        words.push(format!("restarts {}", node.restarts));
    }
    if let Some((used, most)) = node.budget {
        words.push(format!("budget {used}/{most}"));
    }
    if let Some(exit) = &node.last_exit {
        words.push(format!("last exit: {}", short(exit, style)));
    }
    words.join("  ")
}

/// Characters of a reason: a panic may come with a page of text.
const REASON_CHARS: usize = 120;

fn short(text: &str, style: Style) -> String {
    let text = tame(text);
    match text.char_indices().nth(REASON_CHARS) {
        Some((at, _)) => format!("{}{}", &text[..at], style.dots()),
        None => text,
    }
}

/// As much of a picture as a terminal of that many columns and rows shows with a line to spare, so
/// that the next picture can take its place.
pub fn fit(mut picture: Vec<String>, (columns, rows): (usize, usize)) -> Vec<String> {
    let most = rows.saturating_sub(1).max(1);
    if picture.len() > most {
        let hidden = picture.len() - (most - 1);
        picture.truncate(most - 1);
        picture.push(format!("({hidden} more lines)"));
    }
    picture.iter().map(|line| line.chars().take(columns).collect()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::Session;

    fn line(path: &str, more: serde_json::Value) -> Line {
        let mut node = json!({
            "path": path, "kind": "worker", "status": "running", "incarnation": 1, "restarts": 0,
            "budget": null, "last_exit": null,
        });
        if let (Some(node), Some(more)) = (node.as_object_mut(), more.as_object()) {
            node.extend(more.clone());
        }
        serde_json::from_value(node).expect("a line")
    }

    fn sample() -> Vec<Line> {
        let mut session = line("runtime/sessions/s1", json!({ "budget": [1, 5] }));
        session.session = Some(Session {
            name: Some("job".to_owned()),
            state: "idle".to_owned(),
            waits_for: Some("a confirmation for bash (sevt_1)".to_owned()),
            steps: 2,
            tokens: 30,
        });
        vec![
            line("runtime", json!({ "budget": [0, 3] })),
            line("runtime/journal", json!({})),
            line("runtime/sessions", json!({})),
            session,
            line("runtime/sessions/s1/session", json!({})),
            line("runtime/sessions/s1/harness", json!({ "restarts": 1, "last_exit": "killed\n" })),
            line("runtime/sessions/s2", json!({})),
            line("runtime/waker", json!({})),
        ]
    }

    #[test]
    fn branches_lead_from_every_node_to_its_own_parent() {
        expect_test::expect![[r"
            runtime  running  budget 0/3
            ├─ journal  running
            ├─ sessions  running
            │  ├─ s1 (job)  running  idle  waits for a confirmation for bash (sevt_1)  steps 2, tokens 30  budget 1/5
            │  │  ├─ session  running
            │  │  └─ harness  running  restarts 1  last exit: killed 
            │  └─ s2  running
            └─ waker  running"]]
        .assert_eq(&draw(&sample(), Style::Box).join("\n"));
    }

    #[test]
    fn without_box_characters_the_picture_is_the_same_in_ascii() {
        let drawn = draw(&sample(), Style::Ascii).join("\n");
        assert!(drawn.is_ascii());
        assert!(drawn.contains("|  |  `- harness"), "{drawn}");
        assert!(drawn.ends_with("`- waker  running"), "{drawn}");
    }

    #[test]
    fn a_picture_that_is_too_large_says_how_much_is_hidden() {
        let shown = fit(draw(&sample(), Style::Ascii), (12, 4));
        assert_eq!(shown.len(), 3);
        assert_eq!(shown[2], "(6 more line");
        assert!(shown.iter().all(|line| line.chars().count() <= 12));
        assert_eq!(fit(vec!["a".to_owned()], (80, 24)), ["a"]);
    }
}
