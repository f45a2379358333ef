//! One round of a fleet: follows its sessions to their ends and says how they ended.

use std::sync::Arc;
use std::time::Instant;

use planaria_core::SessionId;

use super::progress::{Line, Progress};
use super::report::{self, Outcome};
use super::verdict::Verdict;
use super::work::{Fleet, News};
use super::{Args, chaos, job};
use crate::data;
use crate::exit::Code;
use crate::output::{Format, hint_word, say};

/// Follows all sessions to their ends, showing progress. Sessions that never end count when they
/// stand ready.
pub async fn follow(fleet: &Arc<Fleet>, args: &Args) -> Vec<Outcome> {
    let start = Instant::now();
    let names: Vec<String> = fleet.plan.jobs.iter().map(|j| j.name.clone()).collect();
    let mut progress = Progress::new(&names, !args.no_progress);
    let mut outcomes: Vec<(Option<SessionId>, Option<Verdict>)> = vec![(None, None); names.len()];
    let mut lines: Vec<Line> = fleet.plan.jobs.iter().map(job::Job::line).collect();
    for (name, line) in names.iter().zip(&lines) {
        progress.show(name, line.clone());
    }
    let mut work = fleet.work();
    while let Some(News { job, id, line, verdict, note }) = work.next().await {
        let outcome = &mut outcomes[job];
        outcome.0 = id.or(outcome.0);
        if let Some(note) = note {
            progress.note(&format!("{} {note}", hint_word()));
        }
        if id.is_some() {
            lines[job] = line;
        } else {
            lines[job].state = line.state;
        }
        outcome.1 = verdict.or(outcome.1.take());
        progress.show(&names[job], lines[job].clone());
        if outcomes.iter().all(|(_, verdict)| verdict.is_some()) {
            break;
        }
    }
    progress.finish();
    let unknown = || Verdict::Failed("its task ended without a word".to_owned());
    let rows = names.into_iter().zip(outcomes).zip(lines);
    let outcomes: Vec<Outcome> = rows
        .map(|((name, (id, verdict)), line)| Outcome {
            name,
            id,
            verdict: verdict.unwrap_or_else(unknown),
            line,
        })
        .collect();
    say(&summary(&outcomes, start.elapsed().as_secs_f64()));
    outcomes
}

fn summary(outcomes: &[Outcome], seconds: f64) -> String {
    let done = outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Done(_))).count();
    let ready = outcomes.iter().filter(|o| o.verdict == Verdict::Ready).count();
    let ended = format!("{done} of {} sessions done after {seconds:.1} s", outcomes.len() - ready);
    match ready {
        0 => ended,
        _ if ready == outcomes.len() => format!("{ready} ready after {seconds:.1} s"),
        _ => format!("{ended}, {ready} ready"),
    }
}

/// Prints the answers, and with chaos the table.
pub async fn report(
    fleet: &Arc<Fleet>,
    args: &Args,
    outcomes: Vec<Outcome>,
    chaos: Option<chaos::Chaos>,
) -> anyhow::Result<Code> {
    let faults = match chaos {
        Some(chaos) => Some(chaos.finish(fleet, &outcomes).await?),
        None => None,
    };
    match args.output {
        Format::Human => {
            let logs = log_names(fleet, &outcomes).await;
            report::human(fleet, &outcomes, &logs, faults.as_ref())?;
        }
        Format::Json => report::json(fleet, &outcomes, faults.as_ref())?,
    }
    Ok(match faults {
        Some(faults) if !faults.passed() => Code::ChaosFailed,
        _ => report::code(&outcomes),
    })
}

/// How `planaria events` finds each session.
async fn log_names(fleet: &Fleet, outcomes: &[Outcome]) -> Vec<String> {
    let store = fleet.runtime.store();
    let mut names = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        names.push(match outcome.id {
            Some(id) => data::shortest(store.as_ref(), &outcome.name, id).await,
            None => outcome.name.clone(),
        });
    }
    names
}

/// What an interrupted run leaves.
pub async fn left_behind(fleet: &Fleet) -> String {
    use planaria_core::session::{Call, Phase};
    let runs = |call: &Call| matches!(call.phase, Phase::Wanted(..) | Phase::Cancelling(..));
    let mut running = 0;
    for job in &fleet.plan.jobs {
        if let Ok(state) = fleet.runtime.state(job.id).await {
            running += state.calls.iter().filter(|call| runs(call)).count();
        }
    }
    let commands = match running {
        0 => String::new(),
        1 => "; one command still runs and is collected then, or ends after 10 minutes".to_owned(),
        n => format!("; {n} commands still run and are collected then, or end after 10 minutes"),
    };
    format!("interrupted: the same command goes on where this one stopped{commands}")
}
