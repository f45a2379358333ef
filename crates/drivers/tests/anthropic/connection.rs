//! Connections that stall, drip, or are given up.

use std::time::Duration;

use futures_util::{StreamExt, join};
use planaria_core::model::Block;
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_drivers::model::Anthropic;
use planaria_testkit::provider::{End, FakeEndpoint, Reply};

use super::support::{
    answer, block_stop, hello, items, message_start, options, outcome, provider, question, sse,
    text_delta, text_start,
};

#[tokio::test]
async fn an_endpoint_that_never_answers_is_given_up_after_the_wait() {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(Reply::silence());
    let mut options = options(&endpoint);
    options.header_wait = Duration::from_millis(20);
    let items = items(&Anthropic::new(&options).unwrap()).await;
    let [Err(Error::Unavailable { message })] = &items[..] else { panic!("{items:?}") };
    assert!(message.contains("within 20ms; check base_url"), "{message}");
}

#[tokio::test]
async fn the_wait_for_an_answer_does_not_bound_the_answer() {
    let endpoint = FakeEndpoint::start().await;
    let body = sse(&hello());
    endpoint.reply(Reply::sse(body.clone()).cut_at(1..body.len()));
    let mut stream = provider(&endpoint).answer(question());
    let mut last = None;
    while let Some(item) = stream.next().await {
        last = Some(item);
    }
    assert!(matches!(last, Some(Ok(Delta::Done(_)))), "{last:?}");
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    let replies = [
        Reply::raw(""),
        Reply::raw("SSH-2.0-OpenSSH_9.6\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-ty"),
        Reply::raw("").ending(End::Reset),
        Reply::raw(vec![0xff; 10_000]),
    ];
    for reply in replies {
        let error = outcome(reply.clone()).await.expect_err("no answer");
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?} for {reply:?}");
        assert!(error.to_string().contains("no answer from `http://127.0.0.1:"), "{error}");
    }
}

#[tokio::test]
async fn tls_with_an_endpoint_that_has_none_points_at_base_url() {
    let endpoint = FakeEndpoint::start().await;
    let mut options = options(&endpoint);
    options.base_url = endpoint.base_url().replace("http", "https");
    // The endpoint reads the greeting as an endless head: the client's wait ends it, or TLS does.
    options.connect_wait = Duration::from_millis(50);
    let items = items(&Anthropic::new(&options).unwrap()).await;
    let [Err(Error::Unavailable { message })] = &items[..] else { panic!("{items:?}") };
    assert!(message.starts_with("cannot connect to `https://127.0.0.1:"), "{message}");
}

#[tokio::test]
async fn a_request_that_is_dropped_before_its_answer_is_given_up() {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(Reply::silence());
    let provider = provider(&endpoint);
    let mut stream = provider.answer(question());
    let given_up = endpoint.given_up(1);
    let arrived = async {
        while endpoint.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        item = stream.next() => panic!("the endpoint is silent, and yet there is {item:?}"),
        () = arrived => {}
    }
    drop(stream);
    given_up.await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_closes_its_connection_and_no_other() {
    let endpoint = FakeEndpoint::start().await;
    let begun = sse(&[message_start(), text_start(0), text_delta(0, "Hal")]);
    endpoint.reply(Reply::sse(begun).ending(End::Stalled));
    endpoint.reply(Reply::sse(sse(&hello())));
    let provider = provider(&endpoint);
    let mut stalled = provider.answer(question());
    while !matches!(stalled.next().await, Some(Ok(Delta::Text { .. }))) {}
    drop(stalled);
    endpoint.given_up(1).await;
    assert!(matches!(items(&provider).await.last(), Some(Ok(Delta::Done(_)))));
}

#[tokio::test]
async fn two_answers_at_once_do_not_mix() {
    let endpoint = FakeEndpoint::start().await;
    for text in ["first", "second"] {
        let pieces = text.chars().map(|letter| text_delta(0, &letter.to_string()));
        let block = [text_start(0)].into_iter().chain(pieces).chain([block_stop(0)]);
        endpoint.reply(Reply::sse(sse(&answer(block.collect()))));
    }
    let provider = provider(&endpoint);
    let (one, other) = join!(items(&provider), items(&provider));
    let text = |items: Vec<Result<Delta, Error>>| match items.last() {
        Some(Ok(Delta::Done(answer))) => answer.blocks.clone(),
        other => panic!("an answer, not {other:?}"),
    };
    let mut texts = [text(one), text(other)];
    texts.sort_by_key(|blocks| format!("{blocks:?}"));
    let expected = ["first", "second"].map(|text| vec![Block::Text(text.to_owned())]);
    assert_eq!(texts, expected);
}
