//! Leaves out of a world what is not needed to break it.

use super::options::Options;
use crate::sandbox::HandFaults;

/// Leaves out one thing after the other, as long as the world stays broken.
pub(super) fn shrink(mut options: Options, is_broken: impl Fn(&Options) -> bool) -> Options {
    let attempt = |options: &mut Options, less: Options| {
        let worth_it = less != *options && is_broken(&less);
        if worth_it {
            *options = less;
        }
        worth_it
    };
    let less = Options { model_percent: 0, ..options.clone() };
    attempt(&mut options, less);
    // From the end, so that those that are still to be tried keep their places.
    for fault in (0..options.plan.faults.len()).rev() {
        let mut less = options.clone();
        less.plan.faults.remove(fault);
        attempt(&mut options, less);
    }
    for script in 0..options.scripts.len() {
        let mut less = options.clone();
        less.plan.hands[script] = HandFaults::default();
        attempt(&mut options, less);
        // Messages that were never reached, or never mattered.
        while options.scripts[script].says.len() > 1 {
            let mut less = options.clone();
            less.scripts[script].says.pop();
            if !attempt(&mut options, less) {
                break;
            }
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_is_left_out() {
        let options = (0..)
            .map(Options::new)
            .find(|options| options.plan.faults.len() > 4)
            .expect("some world has that many faults");
        let needed = options.plan.faults[2].clone();
        let shrunk = shrink(options, |options| options.plan.faults.contains(&needed));
        assert_eq!(shrunk.plan.faults, [needed]);
        assert!(shrunk.plan.hands.iter().all(|hands| *hands == HandFaults::default()));
        assert!(shrunk.scripts.iter().all(|script| script.says.len() == 1));
    }

    #[test]
    fn a_world_in_which_everything_is_needed_stays_as_it_is() {
        let options = Options::new(1);
        assert_eq!(shrink(options.clone(), |less| *less == options), options);
    }
}
