{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with places as (
    select place_code, place_level, unit_code from {{ ref('int_agency__places') }}
),

unit_quarters as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        is_returned,
        quarter_cost_gbp,
        authorities_naming_agencies,
        is_synthetic
    from {{ ref('int_agency__unit_quarters') }}
),

counted as (
    select
        places.place_code,
        places.place_level,
        unit_quarters.period_label,
        unit_quarters.period_start,
        unit_quarters.period_end,
        count(*) filter (where unit_quarters.is_returned)::integer as units_counted,
        count(*)::integer as units_expected,
        -- Null where a unit that sent does not say what it spent.
        case
            when count(*) filter (where unit_quarters.is_returned) = count(unit_quarters.quarter_cost_gbp)
                then sum(unit_quarters.quarter_cost_gbp)
        end as quarter_cost_gbp,
        sum(unit_quarters.authorities_naming_agencies)::integer as authorities_naming_agencies,
        bool_or(unit_quarters.is_synthetic) as is_synthetic
    from places
    inner join unit_quarters on places.unit_code = unit_quarters.unit_code
    group by
        places.place_code,
        places.place_level,
        unit_quarters.period_label,
        unit_quarters.period_start,
        unit_quarters.period_end
),

final as (
    select
        place_code as unit_code,
        place_level as unit_level,
        period_label,
        period_start,
        period_end,
        units_counted,
        units_expected,
        {{ is_covered('units_counted', 'units_expected') }} as is_covered,
        quarter_cost_gbp,
        authorities_naming_agencies,
        is_synthetic
    from counted
)

select * from final
