//! What a request has used.

use planaria_core::model::Usage;
use serde_json::Value;

use crate::model::http::TOKENS_MAX;

/// Applies the counts of a chunk: each one that is there replaces the one before. They are an
/// endpoint's word, and bounded.
///
/// OpenAI counts cached tokens among those of the prompt; our input is what is left without them.
/// Tokens of thinking are among those written.
pub(super) fn apply(counts: &Value, usage: &mut Usage) {
    let first = |places: &[&str]| {
        let count = places.iter().find_map(|place| counts.pointer(place)?.as_u64());
        count.map(|count| count.min(TOKENS_MAX))
    };
    // OpenAI and most others, DeepSeek, Moonshot.
    let read = first(&[
        "/prompt_tokens_details/cached_tokens",
        "/prompt_cache_hit_tokens",
        "/cached_tokens",
    ]);
    // OpenRouter.
    let written = first(&["/prompt_tokens_details/cache_write_tokens"]);
    usage.cache_read_input_tokens = read.unwrap_or(usage.cache_read_input_tokens);
    usage.cache_creation_input_tokens = written.unwrap_or(usage.cache_creation_input_tokens);
    if let Some(prompt) = first(&["/prompt_tokens"]) {
        let cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
        // Who counts more cached tokens than there are in the prompt has not counted them there.
        usage.input_tokens = prompt.checked_sub(cached).unwrap_or(prompt);
    }
    usage.output_tokens = first(&["/completion_tokens"]).unwrap_or(usage.output_tokens);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn usage(counts: Value) -> (u64, u64, u64, u64) {
        let mut usage = Usage::default();
        apply(&counts, &mut usage);
        let Usage { input_tokens, output_tokens, .. } = usage;
        let (written, read) = (usage.cache_creation_input_tokens, usage.cache_read_input_tokens);
        (input_tokens, output_tokens, written, read)
    }

    #[test]
    fn cached_tokens_are_not_counted_as_input() {
        let details = json!({ "cached_tokens": 60, "cache_write_tokens": 10 });
        let counts = json!({ "prompt_tokens": 100, "completion_tokens": 7,
            "prompt_tokens_details": details });
        assert_eq!(usage(counts), (30, 7, 10, 60));
        let deepseek = json!({ "prompt_tokens": 100, "prompt_cache_hit_tokens": 64 });
        assert_eq!(usage(deepseek), (36, 0, 0, 64));
        let moonshot = json!({ "prompt_tokens": 100, "cached_tokens": 1 });
        assert_eq!(usage(moonshot), (99, 0, 0, 1));
        let apart = json!({ "prompt_tokens": 5, "prompt_tokens_details": { "cached_tokens": 60 } });
        assert_eq!(usage(apart), (5, 0, 0, 60));
    }

    #[test]
    fn what_cannot_be_a_count_is_none_or_cut() {
        assert_eq!(usage(json!({ "prompt_tokens": null, "completion_tokens": -1 })), (0, 0, 0, 0));
        assert_eq!(usage(json!({ "prompt_tokens": "7", "prompt_tokens_details": [] })).0, 0);
        assert_eq!(usage(json!({ "prompt_tokens": u64::MAX })).0, TOKENS_MAX);
        assert_eq!(usage(json!("nothing")), (0, 0, 0, 0));
    }

    #[test]
    fn a_count_that_is_not_there_stays_as_it_was() {
        let mut usage = Usage::default();
        apply(&json!({ "prompt_tokens": 9, "completion_tokens": 1 }), &mut usage);
        apply(&json!({ "completion_tokens": 5 }), &mut usage);
        assert_eq!((usage.input_tokens, usage.output_tokens), (9, 5));
    }
}
