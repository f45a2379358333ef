//! Spans of time in whole minutes, and what calendars do with them.

/// From `start` up to and without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// A span; its end is not before its start.
    pub fn new(start: u32, end: u32) -> Self {
        assert!(start <= end, "a span cannot end before it starts");
        Self { start, end }
    }

    pub fn minutes(self) -> u32 {
        self.end - self.start
    }
}

/// Spans that overlap or touch become one; the result is sorted and has gaps between its spans.
pub fn merge(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = span.end,
            _ => merged.push(span),
        }
    }
    merged
}

/// What is free in `day` beside the busy spans.
pub fn free(day: Span, busy: &[Span]) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut from = day.start;
    for span in merge(busy) {
        let (start, end) = (span.start.clamp(day.start, day.end), span.end.clamp(day.start, day.end));
        if from < start {
            gaps.push(Span::new(from, start));
        }
        from = from.max(end);
    }
    if from < day.end {
        gaps.push(Span::new(from, day.end));
    }
    gaps
}

/// Minutes that are covered by at least one span.
pub fn covered(spans: &[Span]) -> u32 {
    merge(spans).into_iter().map(Span::minutes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(pairs: &[(u32, u32)]) -> Vec<Span> {
        pairs.iter().map(|&(start, end)| Span::new(start, end)).collect()
    }

    #[test]
    fn spans_with_a_gap_stay_apart() {
        assert_eq!(merge(&spans(&[(10, 20), (30, 40)])), spans(&[(10, 20), (30, 40)]));
    }

    #[test]
    fn spans_that_overlap_or_touch_become_one() {
        assert_eq!(merge(&spans(&[(10, 20), (15, 30), (30, 40)])), spans(&[(10, 40)]));
    }

    #[test]
    fn a_meeting_inside_another_changes_nothing() {
        assert_eq!(merge(&spans(&[(9, 60), (20, 30), (60, 70)])), spans(&[(9, 70)]));
    }

    #[test]
    fn the_order_of_the_input_does_not_matter() {
        assert_eq!(merge(&spans(&[(30, 40), (10, 20)])), spans(&[(10, 20), (30, 40)]));
    }

    #[test]
    fn a_day_without_meetings_is_free() {
        assert_eq!(free(Span::new(0, 100), &[]), spans(&[(0, 100)]));
    }

    #[test]
    fn meetings_are_cut_at_the_ends_of_the_day() {
        let busy = spans(&[(0, 20), (90, 120)]);
        assert_eq!(free(Span::new(10, 100), &busy), spans(&[(20, 90)]));
    }

    #[test]
    fn what_is_covered_twice_counts_once() {
        assert_eq!(covered(&spans(&[(0, 10), (5, 15)])), 15);
    }
}
