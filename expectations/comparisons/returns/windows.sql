-- One row per collection and period of which a return counts: whether its window is known.
with final as (
    select
        submissions.collection || ' ' || submissions.period_label as place,
        count(*) as returns,
        bool_and(windows.collection is not null) as has_window
    from ledger.current_submissions as submissions
    left join reference.return_windows as windows
        on submissions.collection = windows.collection and submissions.period_start = windows.period_start
    group by submissions.collection, submissions.period_label
)

select * from final
order by place
