//! The words of a failure, in whichever shape an endpoint puts them.

use serde_json::Value;

/// What an endpoint says about a failure. Empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::model) struct Refusal {
    /// Its `type`.
    pub kind: String,
    /// Its `code`; a number at some endpoints.
    pub code: String,
    /// Its `message`.
    pub message: String,
}

impl Refusal {
    /// Reads a body or an event; `None` where it is about no failure. Besides the `error` object of
    /// the Messages API and of OpenAI there are a bare text in its place (Ollama), the fields
    /// without an envelope (older vLLM), a list of one (Gemini) and `detail` (what is built on
    /// FastAPI).
    pub fn read(body: &Value) -> Option<Self> {
        let body = body.get(0).unwrap_or(body);
        match body.get("error") {
            Some(Value::String(message)) => {
                return Some(Self { message: message.clone(), ..Self::default() });
            }
            Some(error @ Value::Object(_)) => return Some(Self::of(error)),
            _ => {}
        }
        if body.get("object").and_then(Value::as_str) == Some("error") {
            return Some(Self::of(body));
        }
        let message = match body.get("detail")? {
            Value::Null => return None,
            Value::String(detail) => detail.clone(),
            detail => detail.to_string(),
        };
        Some(Self { message, ..Self::default() })
    }

    fn of(error: &Value) -> Self {
        let text = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let mut message = text(error.get("message"));
        // A router's own words say only that there was an error further on.
        if let Some(raw) = error.pointer("/metadata/raw").and_then(Value::as_str) {
            message = format!("{message}: {raw}");
        }
        let kind = error.get("type").or_else(|| error.get("status"));
        Self { kind: text(kind), code: text(error.get("code")), message }
    }

    /// The status of HTTP that stands in the place of a code.
    pub fn status(&self) -> Option<u16> {
        self.code.parse().ok().filter(|status| (400..600).contains(status))
    }

    /// The names of the failure, for a message: no numbers, and nothing twice.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let code = (self.code != self.kind && self.code.parse::<i64>().is_err())
            .then(|| self.code.clone());
        let kind = Some(self.kind.clone());
        [kind, code].into_iter().flatten().filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_shape_is_read() {
        let cases = [
            (
                json!({ "type": "error", "error": { "type": "api_error", "message": "m" } }),
                ("api_error", "", "m"),
            ),
            (
                json!({ "error": { "message": "m", "type": "t", "param": null, "code": "c" } }),
                ("t", "c", "m"),
            ),
            (json!({ "error": { "code": 429, "message": "m" } }), ("", "429", "m")),
            (
                json!([{ "error": { "code": 400, "status": "S", "message": "m" } }]),
                ("S", "400", "m"),
            ),
            (json!({ "error": "m" }), ("", "", "m")),
            (json!({ "object": "error", "type": "t", "message": "m" }), ("t", "", "m")),
            (json!({ "detail": "m" }), ("", "", "m")),
            (json!({ "detail": [{ "loc": ["x"] }] }), ("", "", r#"[{"loc":["x"]}]"#)),
            (
                json!({ "error": { "message": "m", "metadata": { "raw": "further on" } } }),
                ("", "", "m: further on"),
            ),
        ];
        for (body, (kind, code, message)) in cases {
            let got = Refusal::read(&body).expect("it is about a failure");
            assert_eq!((&*got.kind, &*got.code, &*got.message), (kind, code, message), "{body}");
        }
    }

    #[test]
    fn what_is_about_no_failure_is_none() {
        for body in [json!({ "error": null, "choices": [] }), json!({}), json!([]), json!("x")] {
            assert_eq!(Refusal::read(&body), None, "{body}");
        }
    }
}
