//! Streams that are not what the protocol promises: an error that says where, never an answer.

use planaria_core::model::Usage;
use planaria_core::port::provider::{Delta, Error};
use planaria_testkit::provider::{End, FakeEndpoint, Reply};
use serde_json::{Value, json};

use super::support::{
    answer, block_start, block_stop, broken, call_start, delta, hello, input_delta, items,
    message_delta, message_start, message_stop, outcome, provider, sse, text_delta, text_start,
};

/// The message that a sequence of events leads to.
async fn breaks(events: Vec<Value>) -> String {
    broken(Reply::sse(sse(&events))).await
}

#[tokio::test]
async fn an_answer_without_its_end_is_broken() {
    let mut events = hello();
    events.pop();
    let place = "at event 6 (message_delta): the stream ended before message_stop";
    assert_eq!(breaks(events).await, place);
    assert_eq!(
        breaks(vec![]).await,
        "before the first event: the stream ended before message_stop"
    );
}

#[tokio::test]
async fn any_event_of_an_answer_that_is_missing_twice_or_out_of_order_is_noticed() {
    let events = answer(vec![
        text_start(0),
        text_delta(0, "a"),
        block_stop(0),
        call_start(1, "bash"),
        block_stop(1),
    ]);
    let is_delta = |event: &Value| event["type"] == "content_block_delta";
    for index in 0..events.len() {
        let mut missing = events.clone();
        missing.remove(index);
        // The protocol does not number deltas: that one is missing cannot be seen.
        if !is_delta(&events[index]) {
            breaks(missing).await;
        }
        let repeats = ["content_block_delta", "message_delta", "message_stop"];
        if !repeats.iter().any(|name| events[index]["type"] == *name) {
            let mut twice = events.clone();
            twice.insert(index, events[index].clone());
            breaks(twice).await;
        }
        if index > 0 {
            let mut swapped = events.clone();
            swapped.swap(index - 1, index);
            breaks(swapped).await;
        }
    }
}

#[tokio::test]
async fn the_message_says_what_was_due() {
    let cases = [
        (vec![text_start(0)], "at event 1 (content_block_start): it came before message_start"),
        (
            vec![message_start(), text_start(1)],
            "at event 2 (content_block_start): block 1 begins where block 0 was due",
        ),
        (
            vec![message_start(), text_start(0), text_start(1)],
            "at event 3 (content_block_start): block 1 begins and block 0 is open",
        ),
        (
            vec![message_start(), text_start(0), text_delta(1, "x")],
            "at event 3 (content_block_delta): a delta for block 1, which is not open",
        ),
        (
            vec![message_start(), text_start(0), input_delta(0, "{}")],
            "at event 3 (content_block_delta): a input_json_delta for a block of another type",
        ),
        (
            vec![
                message_start(),
                block_start(0, json!({ "type": "thinking", "thinking": "" })),
                text_delta(0, "x"),
            ],
            "at event 3 (content_block_delta): a text_delta for a block of another type",
        ),
        (
            vec![message_start(), block_stop(0)],
            "at event 2 (content_block_stop): block 0 ends, which is not open",
        ),
        (
            vec![message_start(), text_start(0), message_stop()],
            "at event 3 (message_stop): the message ends and block 0 is open",
        ),
        (
            vec![message_start(), message_stop()],
            "at event 2 (message_stop): the message ends without a reason to stop",
        ),
        (
            vec![message_start(), message_delta("end_turn"), text_start(0)],
            "at event 3 (content_block_start): block 0 begins after the reason to stop",
        ),
        (
            vec![message_start(), block_start(0, json!({ "type": "tool_use", "id": "x" }))],
            "at event 2 (content_block_start): a tool call without a name",
        ),
        (
            vec![message_start(), text_start(0), delta(0, json!({ "type": "text_delta" }))],
            "at event 3 (content_block_delta): a text_delta without `text`",
        ),
    ];
    for (events, expected) in cases {
        assert_eq!(breaks(events).await, expected);
    }
}

#[tokio::test]
async fn garbage_is_not_an_answer() {
    let start = sse(&[message_start()]);
    let garbage = [
        ("\u{0}\u{1}\u{2}\n\n".to_owned(), "before the first event"),
        ("<html>\n\n".to_owned(), "before the first event"),
        (format!("{start}lost in the wire\n\n"), "at event 1 (message_start)"),
        (format!("{start}event: message_stop\ndata: {{\"type\":\n\n"), "at event 2 (message_stop)"),
        (format!("{start}data: not JSON\n\n"), "at event 2 (message)"),
        (format!("{start}data: {{\"type\":\"message_delta\"}}\n\n"), "at event 2 (message)"),
    ];
    for (body, place) in garbage {
        let message = broken(Reply::sse(body.clone())).await;
        assert!(message.starts_with(place), "{body:?}: {message}");
    }
    let mut torn = start.into_bytes();
    torn.extend_from_slice(b"data: \xff\xfe\n\n");
    assert!(broken(Reply::sse(torn)).await.contains("not an event stream (utf8"));
}

#[tokio::test]
async fn a_page_with_status_200_is_not_an_answer() {
    let page = Reply::status(200).header("content-type", "text/html; charset=utf-8");
    let message = broken(page.body("<html><title>Log in</title>")).await;
    assert_eq!(
        message,
        "status 200 with `text/html; charset=utf-8` where an event stream was promised: \
         <html><title>Log in</title>"
    );
    broken(Reply::json(200, &json!({ "type": "message", "content": [] }))).await;
    for status in [201, 202, 206] {
        let message = broken(Reply::status(status).body("Accepted.")).await;
        assert!(message.starts_with(&format!("status {status} with ")), "{message}");
    }
}

#[tokio::test]
async fn a_line_without_end_is_cut_off() {
    let mut body = sse(&[message_start()]);
    body.push_str("data: ");
    body.push_str(&"x".repeat(3 << 20));
    let message = broken(Reply::sse(body).ending(End::Stalled)).await;
    assert_eq!(message, "at event 1 (message_start): a line has more than 2097152 bytes");
}

#[tokio::test]
async fn a_stream_without_end_is_cut_off() {
    let mut body = sse(&[message_start()]);
    body.push_str(&": keep-alive\n\n".repeat(3 << 20));
    let message = broken(Reply::sse(body).ending(End::Stalled)).await;
    assert_eq!(message, "at event 1 (message_start): the stream has more than 33554432 bytes");
}

#[tokio::test]
async fn a_lost_connection_says_so() {
    for end in [End::Closed, End::Reset] {
        let begun = sse(&[message_start(), text_start(0), text_delta(0, "Hal")]);
        let message = broken(Reply::sse(begun).ending(end)).await;
        let place = "at event 3 (content_block_delta): the connection failed: ";
        assert!(message.starts_with(place), "{end:?}: {message}");
    }
}

#[tokio::test]
async fn an_error_event_has_the_class_of_its_type() {
    let check = |error: &Error, kind: &str| match kind {
        "overloaded_error" => matches!(error, Error::Overloaded { .. }),
        "rate_limit_error" => matches!(error, Error::RateLimited { .. }),
        "authentication_error" | "permission_error" => matches!(error, Error::Unauthorized { .. }),
        "billing_error" => matches!(error, Error::Billing { .. }),
        "invalid_request_error" | "not_found_error" => matches!(error, Error::Rejected { .. }),
        "request_too_large" => matches!(error, Error::TooLong { .. }),
        _ => matches!(error, Error::Unavailable { .. }),
    };
    let kinds = [
        "overloaded_error",
        "rate_limit_error",
        "authentication_error",
        "permission_error",
        "billing_error",
        "invalid_request_error",
        "not_found_error",
        "request_too_large",
        "api_error",
        "timeout_error",
        "an_error_of_tomorrow",
    ];
    for kind in kinds {
        let error = json!({ "type": "error", "error": { "type": kind, "message": "In words" } });
        let events = [message_start(), text_start(0), text_delta(0, "Hal"), error];
        let error = outcome(Reply::sse(sse(&events))).await.unwrap_err();
        assert!(check(&error, kind), "{kind}: {error:?}");
        assert!(error.to_string().ends_with(&format!("In words ({kind}, in mid-stream)")));
    }
}

#[tokio::test]
async fn what_a_broken_answer_has_used_is_told_before_the_error() {
    let endpoint = FakeEndpoint::start().await;
    let provider = provider(&endpoint);
    let kind = json!({ "type": "overloaded_error", "message": "In words" });
    let error = json!({ "type": "error", "error": kind });
    let begun = [message_start(), text_start(0), text_delta(0, "Hal")];
    let nearly = [message_start(), message_delta("end_turn")];
    let too_early = [message_start(), text_start(0), message_delta("end_turn")];
    let cases = [
        (sse(&begun), End::Closed, 1),
        (sse(&begun) + &sse(&[error]), End::Whole, 1),
        (sse(&nearly), End::Closed, 42),
        (sse(&too_early), End::Whole, 42),
    ];
    for (body, end, output_tokens) in cases {
        endpoint.reply(Reply::sse(body.clone()).ending(end));
        let items = items(&provider).await;
        let used = items.iter().rev().find_map(|item| match item {
            Ok(Delta::Used(usage)) => Some(*usage),
            _ => None,
        });
        assert!(items.last().is_some_and(Result::is_err), "{body}: {items:?}");
        let expected = Usage {
            input_tokens: 11,
            output_tokens,
            cache_creation_input_tokens: 5,
            cache_read_input_tokens: 7,
        };
        assert_eq!(used, Some(expected), "{body}");
    }
}

#[tokio::test]
async fn what_follows_the_end_of_an_answer_is_of_no_consequence() {
    let whole = outcome(Reply::sse(sse(&hello()))).await;
    let rests = ["data: [DONE]\n\n", "garbage\n\n", "event: error\ndata: {}\n\n"];
    for rest in rests {
        for cut in [0, sse(&hello()).len(), 40] {
            let reply = Reply::sse(sse(&hello()) + rest).cut_at([cut]);
            assert_eq!(outcome(reply).await, whole, "{rest:?}");
        }
    }
    let reset = Reply::sse(sse(&hello())).ending(End::Reset);
    assert_eq!(outcome(reset).await, whole);
}
