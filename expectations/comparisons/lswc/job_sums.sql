-- One row per month and count of the job board: the units together, London's own row, and the monthly figure.
with counts as (
    select
        jobs.month,
        jobs.unit_level,
        jobs.role_group = 'All role groups' as is_all_groups,
        measures.kpi,
        measures.value
    from marts_candidate.mart_lswc__jobs as jobs
    cross join lateral (
        values
        ('jobs_posted', jobs.jobs_posted),
        ('jobs_live', jobs.jobs_live),
        ('job_views', jobs.job_views),
        ('apply_clicks', jobs.apply_clicks)
    ) as measures (kpi, value)
),

sums as (
    select
        month,
        kpi,
        sum(value) filter (where unit_level = 'authority' and is_all_groups) as units_together,
        sum(value) filter (where unit_level = 'london' and not is_all_groups) as groups_together,
        sum(value) filter (where unit_level = 'london' and is_all_groups) as london
    from counts
    group by month, kpi
),

final as (
    select
        sums.kpi,
        to_char(sums.month, 'FMMonth YYYY') as place,
        sums.units_together - sums.london as units_difference,
        sums.groups_together - sums.london as groups_difference,
        sums.london - monthly.value as monthly_difference
    from sums
    left join marts_candidate.mart_lswc__monthly as monthly
        on sums.month = monthly.month and sums.kpi = monthly.kpi and monthly.source = 'job_board'
    where sums.london is not null
)

select * from final
order by kpi, place
