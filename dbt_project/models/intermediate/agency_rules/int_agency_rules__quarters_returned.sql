{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with units as (
    select distinct unit_code, authorities_in_unit from {{ ref('bridge_authority_reporting_unit') }}
),

returned as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        authorities_covered,
        is_synthetic
    from {{ ref('stg_returns__submissions') }}
    where collection = 'agency_quarterly'
),

quarters as (
    select
        period_label,
        period_start,
        period_end,
        bool_or(is_synthetic) as is_synthetic
    from returned
    group by period_label, period_start, period_end
),

-- Who sent, and for how many of the unit's authorities.
covered as (
    select
        unit_code,
        period_end,
        sum(authorities_covered) as authorities_covered
    from returned
    group by unit_code, period_end
),

final as (
    select
        units.unit_code,
        quarters.period_label,
        quarters.period_start,
        quarters.period_end,
        -- A joint unit counts once all its authorities have returned, each for itself or together.
        coalesce(covered.authorities_covered >= units.authorities_in_unit, false) as is_returned,
        quarters.is_synthetic
    from quarters
    cross join units
    left join covered on units.unit_code = covered.unit_code and quarters.period_end = covered.period_end
)

select * from final
