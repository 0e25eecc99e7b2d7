{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with returned as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        is_returned,
        is_synthetic
    from {{ ref('int_agency_rules__quarters_returned') }}
),

-- Null where one half of a joint unit, or one month, does not say.
stated as (
    select
        unit_code,
        period_end,
        case
            when count(*) = count(month_1_cost_gbp + month_2_cost_gbp + month_3_cost_gbp)
                then sum(month_1_cost_gbp + month_2_cost_gbp + month_3_cost_gbp)
        end as quarter_cost_gbp,
        count(nullif(btrim(agencies_of_concern), ''))::integer as authorities_naming_agencies
    from {{ ref('stg_agency_quarterly__authority_quarter') }}
    group by unit_code, period_end
),

final as (
    select
        returned.unit_code,
        returned.period_label,
        returned.period_start,
        returned.period_end,
        returned.is_returned,
        case when returned.is_returned then stated.quarter_cost_gbp end as quarter_cost_gbp,
        case when returned.is_returned then coalesce(stated.authorities_naming_agencies, 0) end
            as authorities_naming_agencies,
        returned.is_synthetic
    from returned
    left join stated on returned.unit_code = stated.unit_code and returned.period_end = stated.period_end
)

select * from final
