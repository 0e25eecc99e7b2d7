{{ config(
    materialized='table',
    indexes=[{'columns': ['collection', 'indicator', 'period_end']}],
    post_hook='analyze {{ this }}'
) }}

{#-
    What the members' benchmark compares: every figure of the members' marts, one below the other. Only marts are read here,
    so that nothing can be compared which members do not see anyhow.

    To add an indicator of a mart with one column a figure, add a line: the rows it is in (a CTE below), the columns of its
    value and status there, its name, label, unit, polarity and decimals. A mart with one row a figure brings its indicators
    itself.
-#}
{% set indicators = [
    (
        'leadership_shares', 'share_of_known_pct', 'share_status', 'global_majority_share_pct',
        'Global Majority, share of those whose ethnicity is known', 'percent', 'none', 1
    ),
    (
        'declarations', 'share_of_known_pct', 'share_status', 'declaration_rate_pct',
        'Share of social workers whose ethnicity is known', 'percent', 'high', 1
    ),
    (
        'ep_establishment', 'vacancy_rate_pct', 'vacancy_rate_status', 'vacancy_rate_pct',
        'Vacancy rate of educational psychologists', 'percent', 'low', 1
    ),
    ('lswc_jobs', 'jobs_posted', 'value_status', 'jobs_posted', 'Adverts posted', 'adverts', 'none', 0),
    ('lswc_jobs', 'job_views', 'value_status', 'job_views', 'Views of adverts', 'views', 'none', 0),
    ('lswc_jobs', 'apply_clicks', 'value_status', 'apply_clicks', 'Clicks on Apply', 'clicks', 'none', 0),
    (
        'lswc_jobs', 'click_through_pct', 'click_through_status', 'click_through_pct',
        'Clicks on Apply for every 100 views', 'percent', 'high', 1
    )
] %}

with census_registry as (
    select indicator, polarity from {{ ref('census_indicators') }}
),

agency_registry as (
    select measure, decimals from {{ ref('agency_measures') }}
),

census as (
    select
        unit_code,
        'dfe_census_statistics' as collection,
        census_year::text as period_label,
        as_at_date as period_end,
        12 as period_months,
        indicator,
        'all' as category,
        indicator_label,
        indicator_unit,
        polarity,
        polarity <> 'none' as is_ranked,
        decimals,
        value,
        value_status,
        null as basis,
        neighbours_median as published_neighbours_median,
        neighbours_counted as published_neighbours_counted,
        null as coverage_label,
        is_synthetic,
        note
    from {{ ref('mart_census__indicators') }}
    -- Other regions are nobody's comparison here.
    where unit_level in ('authority', 'inner_outer', 'london', 'england')
),

census_returned as (
    select
        returned.unit_code,
        'csww_census' as collection,
        returned.census_year::text as period_label,
        make_date(returned.census_year, 9, 30) as period_end,
        12 as period_months,
        returned.indicator,
        'all' as category,
        returned.indicator_label,
        returned.indicator_unit,
        registry.polarity,
        registry.polarity <> 'none' as is_ranked,
        returned.decimals,
        returned.returns_value as value,
        returned.returns_status as value_status,
        null as basis,
        null::numeric as published_neighbours_median,
        null::integer as published_neighbours_counted,
        returned.coverage_label,
        returned.is_synthetic,
        null as note
    from {{ ref('mart_census__from_returns') }} as returned
    inner join census_registry as registry on returned.indicator = registry.indicator
),

-- A count of people or pounds grows with the authority: only percentages are ranked.
agency_measures as (
    select
        measures.unit_code,
        'agency_quarterly' as collection,
        measures.period_label,
        measures.period_end,
        3 as period_months,
        measures.measure as indicator,
        measures.role_type as category,
        measures.measure_label as indicator_label,
        measures.measure_unit as indicator_unit,
        measures.polarity,
        measures.polarity <> 'none' and measures.measure_unit = 'percent' as is_ranked,
        registry.decimals,
        measures.value,
        measures.value_status,
        null as basis,
        null::numeric as published_neighbours_median,
        null::integer as published_neighbours_counted,
        measures.coverage_label,
        measures.is_synthetic,
        measures.note,
        -- What no authority has (by role, or at all) is nothing to compare.
        bool_or(measures.unit_level = 'authority' and measures.value_status is distinct from 'z')
            over (partition by measures.measure, measures.role_type) as is_of_authorities
    from {{ ref('mart_agency__measures') }} as measures
    inner join agency_registry as registry on measures.measure = registry.measure
),

agency_compliance as (
    select
        unit_code,
        'agency_quarterly' as collection,
        period_label,
        period_end,
        3 as period_months,
        'compliance_' || lower(rule) as indicator,
        role_type as category,
        'Compliance: ' || rule_label as indicator_label,
        'percent' as indicator_unit,
        'high' as polarity,
        true as is_ranked,
        1 as decimals,
        compliance_rate_pct as value,
        compliance_status as value_status,
        null as basis,
        null::numeric as published_neighbours_median,
        null::integer as published_neighbours_counted,
        coverage_label,
        is_synthetic,
        note
    from {{ ref('mart_agency__compliance') }}
    -- An authority has no rates by role.
    where role_type = 'all'
),

leadership as (
    select
        unit_code,
        case source when 'dfe' then 'dfe_census_statistics' else 'leadership_in_colour' end as collection,
        as_at_year::text as period_label,
        make_date(as_at_year, 9, 30) as period_end,
        12 as period_months,
        tier as category,
        ethnic_group,
        null as basis,
        share_of_known_pct,
        share_status,
        -- DfE's figures are not made of what units sent to LIIA.
        case when source = 'returns' then coverage_label end as coverage_label,
        is_synthetic,
        note
    from {{ ref('mart_leadership__representation') }}
),

leadership_shares as (
    select * from leadership
    where ethnic_group = 'global_majority' and category in ('all', 'managers', 'senior_practitioner', 'frontline')
),

-- Of the row Known the share is that of the total.
declarations as (
    select * from leadership
    where ethnic_group = 'known' and category = 'all'
),

ep_establishment as (
    select
        unit_code,
        'ep_workforce' as collection,
        period_label,
        period_end,
        3 as period_months,
        ep_grade as category,
        null as basis,
        vacancy_rate_pct,
        vacancy_rate_status,
        coverage_label,
        is_synthetic,
        null as note
    from {{ ref('mart_ep__establishment') }}
),

-- Adverts are counted by month; what is counted by another rule is another figure (seed lswc_counting_rules).
lswc_jobs as (
    select
        unit_code,
        'lswc_jobs' as collection,
        to_char(month, 'YYYY-MM') as period_label,
        (month + interval '1 month' - interval '1 day')::date as period_end,
        1 as period_months,
        'all' as category,
        counting_rule as basis,
        jobs_posted,
        value_status,
        job_views,
        apply_clicks,
        click_through_pct,
        click_through_status,
        null as coverage_label,
        is_synthetic,
        null as note
    from {{ ref('mart_lswc__jobs') }}
    where role_group = 'All role groups'
),

final as (
    select * from census
    union all
    select * from census_returned
    union all
    select
        unit_code,
        collection,
        period_label,
        period_end,
        period_months,
        indicator,
        category,
        indicator_label,
        indicator_unit,
        polarity,
        is_ranked,
        decimals,
        value,
        value_status,
        basis,
        published_neighbours_median,
        published_neighbours_counted,
        coverage_label,
        is_synthetic,
        note
    from agency_measures
    where is_of_authorities
    union all
    select * from agency_compliance
    {% for rows, column, status, indicator, label, unit, polarity, decimals in indicators %}
        union all
        select
            unit_code,
            collection,
            period_label,
            period_end,
            period_months,
            '{{ indicator }}' as indicator,
            category,
            '{{ label }}' as indicator_label,
            '{{ unit }}' as indicator_unit,
            '{{ polarity }}' as polarity,
            {{ polarity != 'none' }} as is_ranked,
            {{ decimals }} as decimals,
            {{ column }}::numeric as value,
            {{ status }} as value_status,
            basis,
            null::numeric as published_neighbours_median,
            null::integer as published_neighbours_counted,
            coverage_label,
            is_synthetic,
            note
        from {{ rows }}
    {% endfor %}
)

select * from final
