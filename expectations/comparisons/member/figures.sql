-- One row per collection and indicator: how many figures of the benchmark are not those of the marts they come from.
with sources as (
    select
        'dfe_census_statistics' as collection,
        unit_code,
        census_year::text as period_label,
        indicator,
        'all' as category,
        value,
        value_status
    from marts_candidate.mart_census__indicators
    union all
    select
        'csww_census' as collection,
        unit_code,
        census_year::text as period_label,
        indicator,
        'all' as category,
        returns_value as value,
        returns_status as value_status
    from marts_candidate.mart_census__from_returns
    union all
    select
        'agency_quarterly' as collection,
        unit_code,
        period_label,
        measure as indicator,
        role_type as category,
        value,
        value_status
    from marts_candidate.mart_agency__measures
    union all
    select
        'agency_quarterly' as collection,
        unit_code,
        period_label,
        'compliance_' || lower(rule) as indicator,
        role_type as category,
        compliance_rate_pct as value,
        compliance_status as value_status
    from marts_candidate.mart_agency__compliance
    union all
    select
        case source when 'dfe' then 'dfe_census_statistics' else 'leadership_in_colour' end as collection,
        unit_code,
        as_at_year::text as period_label,
        case ethnic_group when 'known' then 'declaration_rate_pct' else 'global_majority_share_pct' end as indicator,
        tier as category,
        case ethnic_group when 'known' then declaration_rate_pct else share_of_known_pct end as value,
        share_status as value_status
    from marts_candidate.mart_leadership__representation
    where ethnic_group = 'global_majority' or (ethnic_group = 'known' and tier = 'all')
    union all
    select
        'ep_workforce' as collection,
        unit_code,
        period_label,
        'vacancy_rate_pct' as indicator,
        ep_grade as category,
        vacancy_rate_pct as value,
        vacancy_rate_status as value_status
    from marts_candidate.mart_ep__establishment
    union all
    select
        'lswc_jobs' as collection,
        jobs.unit_code,
        to_char(jobs.month, 'YYYY-MM') as period_label,
        figures.indicator,
        'all' as category,
        figures.value,
        figures.value_status
    from marts_candidate.mart_lswc__jobs as jobs
    cross join
        lateral (
            values
            ('jobs_posted', jobs.jobs_posted::numeric, jobs.value_status),
            ('job_views', jobs.job_views::numeric, jobs.value_status),
            ('apply_clicks', jobs.apply_clicks::numeric, jobs.value_status),
            ('click_through_pct', jobs.click_through_pct, jobs.click_through_status)
        ) as figures (indicator, value, value_status)
    where jobs.role_group = 'All role groups'
),

-- Whole periods are expected: every period a mart has of an indicator and category the benchmark knows.
compared_kinds as (
    select distinct
        collection,
        indicator,
        category
    from marts_candidate.mart_member__benchmark
),

units as (
    select
        unit_code,
        unit_level,
        inner_outer_code
    from reference.reporting_units
),

unit_sources as (
    select sources.*
    from sources
    inner join units on sources.unit_code = units.unit_code and units.unit_level = 'authority'
    inner join compared_kinds
        on
            sources.collection = compared_kinds.collection
            and sources.indicator = compared_kinds.indicator
            and sources.category = compared_kinds.category
),

paired as (
    select
        coalesce(benchmark.collection, unit_sources.collection) as collection,
        coalesce(benchmark.indicator, unit_sources.indicator) as indicator,
        benchmark.unit_code is null as is_lost,
        unit_sources.unit_code is null as is_invented,
        benchmark.unit_code is not null
        and unit_sources.unit_code is not null
        and (
            benchmark.value is distinct from unit_sources.value
            or benchmark.value_status is distinct from unit_sources.value_status
        ) as is_different,
        benchmark.unit_code is not null
        and (
            benchmark.london_value is distinct from london.value
            or benchmark.inner_outer_value is distinct from inner_outer.value
        ) as is_area_different
    from marts_candidate.mart_member__benchmark as benchmark
    full join unit_sources
        on
            benchmark.collection = unit_sources.collection
            and benchmark.unit_code = unit_sources.unit_code
            and benchmark.period_label = unit_sources.period_label
            and benchmark.indicator = unit_sources.indicator
            and benchmark.category = unit_sources.category
    left join units on benchmark.unit_code = units.unit_code
    left join sources as london
        on
            london.unit_code = 'E12000007'
            and benchmark.collection = london.collection
            and benchmark.period_label = london.period_label
            and benchmark.indicator = london.indicator
            and benchmark.category = london.category
    left join sources as inner_outer
        on
            units.inner_outer_code = inner_outer.unit_code
            and benchmark.collection = inner_outer.collection
            and benchmark.period_label = inner_outer.period_label
            and benchmark.indicator = inner_outer.indicator
            and benchmark.category = inner_outer.category
),

final as (
    select
        collection,
        indicator,
        count(*)::integer as figures,
        (count(*) filter (where is_lost))::integer as lost,
        (count(*) filter (where is_invented or is_different))::integer as different,
        (count(*) filter (where is_area_different))::integer as areas_different
    from paired
    group by collection, indicator
)

select * from final
order by collection, indicator
