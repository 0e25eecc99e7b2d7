-- One row per quarter: how many assignments active at its end have no FTE.
with final as (
    select
        submissions.period_label as place,
        count(assignments.submission_id) filter (
            where
            assignments.fte is null
            and (assignments.end_date is null or assignments.end_date >= submissions.period_end)
        ) as without_fte
    from ledger.current_submissions as submissions
    left join raw.agency_quarterly__assignment as assignments
        on submissions.submission_id = assignments.submission_id
    where submissions.collection = 'agency_quarterly'
    group by submissions.period_label
)

select * from final
order by place
