{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- A tier's own Known and Total, the whole workforce's, and 2019's stand beside every row, read by windows over the same
-- rows: nothing is joined to itself.
{%- set of_tier = 'partition by unit_code, as_at_year, product, tier' %}
{%- set of_group = 'partition by unit_code, as_at_year, product, ethnic_group' %}
{%- set of_unit = 'partition by unit_code, as_at_year, product' %}
{%- set of_series = 'partition by unit_code, product, tier, ethnic_group' %}

with groups as (
    select ethnic_group, share_basis from {{ ref('leadership_groups') }}
),

residents as (
    select ethnic_group, residents, census_date, max(census_date) over () as newest_census_date
    from {{ ref('population_by_ethnicity') }}
    where area_code = 'E12000007'
),

-- Of London, whichever the unit: people work where others live.
population as (
    select
        ethnic_group,
        residents::numeric / sum(residents) over () as share
    from residents
    where census_date = newest_census_date
),

population_shares as (
    select ethnic_group, share
    from population
    union all
    select
        'global_majority' as ethnic_group,
        1 - share as share
    from population
    where ethnic_group = 'white'
),

headcounts as (
    select
        shown.product,
        shown.source,
        shown.unit_code,
        shown.as_at_year,
        shown.tier,
        shown.ethnic_group,
        shown.headcount,
        shown.headcount_status,
        shown.is_carried_forward,
        shown.gm_definition,
        shown.units_counted,
        shown.units_expected,
        shown.is_synthetic,
        groups.share_basis,
        -- Residents are known by the five groups alone.
        case
            when shown.gm_definition = 'gm_not_white' or shown.ethnic_group not in ('white', 'global_majority')
                then population_shares.share
        end as population_share
    from {{ ref('int_leadership__headcounts_shown') }} as shown
    inner join groups on shown.ethnic_group = groups.ethnic_group
    left join population_shares on shown.ethnic_group = population_shares.ethnic_group
),

beside_their_tier as (
    select
        *,
        max(headcount) filter (where ethnic_group = 'known') over ({{ of_tier }}) as known_headcount,
        max(headcount_status) filter (where ethnic_group = 'known') over ({{ of_tier }}) as known_status,
        max(headcount) filter (where ethnic_group = 'total') over ({{ of_tier }}) as total_headcount,
        max(headcount_status) filter (where ethnic_group = 'total') over ({{ of_tier }}) as total_status,
        max(headcount) filter (where tier = 'all') over ({{ of_group }}) as workforce_headcount,
        max(headcount) filter (where tier = 'all' and ethnic_group = 'known') over (
            {{ of_unit }}
        ) as workforce_known
    from headcounts
),

with_bases as (
    select
        *,
        case when share_basis = 'known' then known_headcount else total_headcount end as base,
        case when share_basis = 'known' then known_status else total_status end as base_status
    from beside_their_tier
),

beside_2019 as (
    select
        *,
        -- Of a unit's tiers Total is not shown from returns, so what Known is a share of is withheld.
        coalesce(
            {{ share_status('headcount_status', 'base_status', 'base') }}, case when base is null then 'c' end
        ) as share_status,
        max(headcount) filter (where as_at_year = 2019 and base > 0) over ({{ of_series }}) as headcount_2019,
        max(base) filter (where as_at_year = 2019 and headcount is not null) over ({{ of_series }}) as base_2019
    from with_bases
),

measured as (
    select
        *,
        {{ proportion('headcount', 'base') }} as share,
        {{ wilson_low('headcount', 'nullif(base, 0)') }} as share_low,
        {{ wilson_high('headcount', 'nullif(base, 0)') }} as share_high,
        case when share_basis = 'known' then {{ proportion('workforce_headcount', 'workforce_known') }} end
            as workforce_share,
        -- A carried-forward row is last year's: no change can be read from it.
        source = 'dfe' and as_at_year > 2019 and not is_carried_forward and headcount_2019 is not null as has_change
    from beside_2019
),

final as (
    select
        product,
        unit_code,
        as_at_year,
        source,
        tier,
        ethnic_group,
        headcount,
        headcount_status,
        case when share_status is null then {{ as_percent('share', 'base') }} end as share_of_known_pct,
        share_status,
        case when share_status is null then {{ as_percent('share_low', 'base') }} end as share_low_pct,
        case when share_status is null then {{ as_percent('share_high', 'base') }} end as share_high_pct,
        {{ as_percent('(share - workforce_share)', 'least(base, workforce_known)') }} as gap_to_workforce_points,
        round((share / nullif(workforce_share, 0))::numeric, 3) as representation_index,
        round(100 * population_share, 1) as population_share_pct,
        round((share / nullif(population_share, 0))::numeric, 3) as representation_index_population,
        {{ share_pct('known_headcount', 'total_headcount') }} as declaration_rate_pct,
        case
            when has_change
                then {{ as_percent(
                    '(' ~ proportion('headcount', 'base') ~ ' - ' ~ proportion('headcount_2019', 'base_2019') ~ ')',
                    'least(base, base_2019)'
                ) }}
        end as change_since_2019_points,
        case
            when has_change
                then {{ as_percent(
                    newcombe_low('headcount', 'nullif(base, 0)', 'headcount_2019', 'nullif(base_2019, 0)'),
                    'least(base, base_2019)'
                ) }}
        end as change_low_points,
        case
            when has_change
                then {{ as_percent(
                    newcombe_high('headcount', 'nullif(base, 0)', 'headcount_2019', 'nullif(base_2019, 0)'),
                    'least(base, base_2019)'
                ) }}
        end as change_high_points,
        is_carried_forward,
        gm_definition,
        units_counted,
        units_expected,
        is_synthetic,
        known_headcount,
        total_headcount
    from measured
)

select * from final
