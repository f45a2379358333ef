//! The contract's transcripts, §9.1 to §9.4, event by event.

use expect_test::{Expect, expect};
use planaria_core::limits::SECOND;
use planaria_core::port::sandbox::Ended;

use crate::world::*;

/// The public events, in order.
fn events(world: &World, expect: Expect) {
    let all = records(world, 0);
    let public: String =
        all.lines().filter_map(|l| l.strip_prefix("+ ")).map(|l| format!("{l}\n")).collect();
    expect.assert_eq(&name_ids(world, &public));
}

#[test]
fn a_plain_turn_with_one_call() {
    let mut world = World::new();
    world.send([message("hello")]).unwrap();
    world.answer(says([thinking(), text("Let me see."), call("bash")])).unwrap();
    world.result("bash", "done").unwrap();
    world.answer(says([text("Done.")])).unwrap();
    events(
        &world,
        expect![[r#"
        session.status_running
        session.thread_status_running
        user.message "hello"
        span.model_request_start
        agent.thinking
        agent.message "Let me see."
        agent.tool_use bash call1 allow
        span.model_request_end
        agent.tool_result call1 "done"
        span.model_request_start
        agent.message "Done."
        span.model_request_end
        session.thread_status_idle end_turn
        session.usage 20 in, 2 out
        session.status_idle end_turn
    "#]],
    );
}

#[test]
fn a_custom_call_and_a_confirmation() {
    let mut world = World::new();
    world.send([message("hello")]).unwrap();
    world.answer(says([call("lookup"), call("edit"), call("bash")])).unwrap();
    world.result("bash", "done").unwrap();
    let (waits, asking) = (world.call("lookup"), world.call("edit"));
    world.send([custom(waits, "42")]).unwrap();
    world.send([allow(asking)]).unwrap();
    world.result("edit", "done").unwrap();
    world.answer(says([text("Done.")])).unwrap();
    events(
        &world,
        expect![[r#"
        session.status_running
        session.thread_status_running
        user.message "hello"
        span.model_request_start
        agent.custom_tool_use lookup call1
        agent.tool_use edit call2 ask
        agent.tool_use bash call3 allow
        span.model_request_end
        agent.tool_result call3 "done"
        session.thread_status_idle requires_action call1 call2
        session.usage 10 in, 1 out
        session.status_idle requires_action call1 call2
        user.custom_tool_result call1 "42"
        session.thread_status_idle requires_action call2
        session.usage 10 in, 1 out
        session.status_idle requires_action call2
        session.status_running
        session.thread_status_running
        user.tool_confirmation call2 allow
        agent.tool_result call2 "done"
        span.model_request_start
        agent.message "Done."
        span.model_request_end
        session.thread_status_idle end_turn
        session.usage 20 in, 2 out
        session.status_idle end_turn
    "#]],
    );
}

#[test]
fn an_interrupt_that_redirects() {
    let mut world = World::new();
    world.send([message("hello")]).unwrap();
    world.answer(says([call("bash")])).unwrap();
    world.result("bash", "done").unwrap();
    world.send([interrupt(), message("rather this")]).unwrap();
    world.answer(says([call("bash")])).unwrap();
    world.send([interrupt(), message("or that")]).unwrap();
    world.ends("bash", Ended::Sealed).unwrap();
    events(
        &world,
        expect![[r#"
        session.status_running
        session.thread_status_running
        user.message "hello"
        span.model_request_start
        agent.tool_use bash call1 allow
        span.model_request_end
        agent.tool_result call1 "done"
        span.model_request_start
        span.model_request_end is_error
        user.interrupt
        session.thread_status_idle end_turn
        session.usage 10 in, 1 out
        session.status_idle end_turn
        session.status_running
        session.thread_status_running
        user.message "rather this"
        span.model_request_start
        agent.tool_use bash call2 allow
        span.model_request_end
        agent.tool_result call2 is_error "Tool execution was interrupted before completion. Please ret"…
        user.interrupt
        session.thread_status_idle end_turn
        session.usage 20 in, 2 out
        session.status_idle end_turn
        session.status_running
        session.thread_status_running
        user.message "or that"
        span.model_request_start
    "#]],
    );
}

#[test]
fn a_transient_error_and_an_exhausted_one() {
    let mut world = World::new();
    world.send([message("hello")]).unwrap();
    world.fail(retry_after(2 * SECOND)).unwrap();
    world.timer().unwrap();
    world.fail(refused()).unwrap();
    events(
        &world,
        expect![[r#"
        session.status_running
        session.thread_status_running
        user.message "hello"
        span.model_request_start
        span.model_request_end is_error
        session.error model_overloaded_error retrying
        session.thread_status_rescheduled
        session.status_rescheduled
        session.status_running
        session.thread_status_running
        span.model_request_start
        span.model_request_end is_error
        session.error model_request_failed_error exhausted
        session.thread_status_idle retries_exhausted
        session.usage 0 in, 0 out
        session.status_idle retries_exhausted
    "#]],
    );
}
