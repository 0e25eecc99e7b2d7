-- One row per month and step of the funnel: its figure beside the monthly one.
with steps as (
    select
        funnel.month,
        steps.kpi,
        steps.value
    from marts_candidate.mart_lswc__funnel as funnel
    cross join lateral (
        values
        ('visitors', funnel.visitors),
        ('sessions', funnel.visits),
        ('job_views', funnel.job_views),
        ('apply_clicks', funnel.apply_clicks),
        ('registrations', funnel.registrations)
    ) as steps (kpi, value)
),

monthly as (
    select
        month,
        kpi,
        value
    from marts_candidate.mart_lswc__monthly
    where kpi in ('visitors', 'sessions', 'job_views', 'apply_clicks', 'registrations')
),

final as (
    select
        coalesce(steps.kpi, monthly.kpi) as kpi,
        to_char(coalesce(steps.month, monthly.month), 'FMMonth YYYY') as place,
        coalesce(steps.value::text, 'none') as in_funnel,
        coalesce(monthly.value::text, 'none') as in_monthly,
        steps.value is not distinct from monthly.value as is_same
    from steps
    full outer join monthly on steps.month = monthly.month and steps.kpi = monthly.kpi
)

select * from final
order by kpi, place
