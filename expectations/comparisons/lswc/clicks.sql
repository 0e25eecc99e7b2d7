-- One row per month and unit or London, and one per month as Google Analytics saw it: views of jobs beside clicks on
-- Apply, where both are counted by the same rule.
with rules as (
    select
        month,
        counting_rule = apply_counting_rule as is_one_rule
    from marts_candidate.mart_lswc__funnel
),

final as (
    select
        jobs.unit_name || ' ' || to_char(jobs.month, 'FMMonth YYYY') as place,
        jobs.job_views,
        jobs.apply_clicks
    from marts_candidate.mart_lswc__jobs as jobs
    inner join rules on jobs.month = rules.month
    where rules.is_one_rule and jobs.role_group = 'All role groups' and jobs.job_views is not null
    union all
    select
        'Google Analytics ' || to_char(month, 'FMMonth YYYY') as place,
        job_views_in_analytics as job_views,
        apply_clicks_in_analytics as apply_clicks
    from marts_candidate.mart_lswc__funnel
    where job_views_in_analytics is not null and apply_clicks_in_analytics is not null
)

select * from final
order by place
