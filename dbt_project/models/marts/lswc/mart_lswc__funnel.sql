with monthly as (
    select
        site,
        site_name,
        month,
        kpi,
        value,
        counting_rule,
        is_synthetic
    from {{ ref('mart_lswc__monthly') }}
    where kpi in ('visitors', 'sessions', 'job_views', 'apply_clicks', 'registrations')
),

events as (
    select
        site,
        month,
        max(event_count) filter (where event_kind = 'job_view') as job_views,
        max(event_count) filter (where event_kind = 'apply_click') as apply_clicks
    from {{ ref('int_lswc__event_months') }}
    group by site, month
),

steps as (
    select
        site,
        site_name,
        month,
        max(value) filter (where kpi = 'visitors') as visitors,
        max(value) filter (where kpi = 'sessions') as visits,
        max(value) filter (where kpi = 'job_views') as job_views,
        max(value) filter (where kpi = 'apply_clicks') as apply_clicks,
        max(value) filter (where kpi = 'registrations') as registrations,
        max(counting_rule) filter (where kpi = 'job_views') as counting_rule,
        max(counting_rule) filter (where kpi = 'apply_clicks') as apply_counting_rule,
        bool_or(is_synthetic) as is_synthetic
    from monthly
    group by site, site_name, month
),

-- Each rate has one counting rule above and below the line: from visits to views and clicks as Google Analytics saw
-- them, from views to clicks as the job board counted them.
final as (
    select
        steps.site,
        steps.site_name,
        steps.month,
        steps.visitors,
        steps.visits,
        steps.job_views,
        steps.apply_clicks,
        steps.registrations,
        steps.counting_rule,
        steps.apply_counting_rule,
        case
            when steps.counting_rule = steps.apply_counting_rule
                then {{ part_of('steps.apply_clicks', 'steps.job_views', 100) }}
        end as click_through_pct,
        case
            when steps.counting_rule <> steps.apply_counting_rule then 'z'
            else {{ part_status('steps.apply_clicks', 'steps.job_views') }}
        end as click_through_status,
        events.job_views as job_views_in_analytics,
        events.apply_clicks as apply_clicks_in_analytics,
        {{ part_of('events.job_views', 'steps.visits', 1) }} as job_views_per_visit,
        {{ part_status('events.job_views', 'steps.visits') }} as job_views_per_visit_status,
        {{ part_of('events.apply_clicks', 'events.job_views', 100) }} as click_through_in_analytics_pct,
        {{ part_status('events.apply_clicks', 'events.job_views') }} as click_through_in_analytics_status,
        {{ part_of('events.apply_clicks', 'steps.visits', 100) }} as clicks_per_100_visits,
        {{ part_status('events.apply_clicks', 'steps.visits') }} as clicks_per_100_visits_status,
        steps.is_synthetic
    from steps
    left join events on steps.site = events.site and steps.month = events.month
)

select * from final
