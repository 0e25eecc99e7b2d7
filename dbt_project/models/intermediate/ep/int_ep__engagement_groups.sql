{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with engagements as (
    select
        unit_code,
        period_label,
        ep_grade,
        pay_unit,
        rate_gbp,
        pqe_years
    from {{ ref('stg_ep_workforce__agency_use') }}
),

places as (
    select period_label, unit_code, place_code
    from {{ ref('int_ep__unit_places') }}
    where record = 'agency_use' and is_counted
),

final as (
    select
        places.period_label,
        places.place_code as unit_code,
        coalesce(engagements.ep_grade, 'all') as ep_grade,
        coalesce(engagements.pay_unit, 'all') as pay_unit,
        count(*)::integer as engagements,
        -- Rates of different units are never put together.
        case when grouping(engagements.pay_unit) = 0 then trim_scale(avg(engagements.rate_gbp)) end as mean_gbp,
        case
            when grouping(engagements.pay_unit) = 0
                then percentile_cont(0.5) within group (order by engagements.rate_gbp)::numeric
        end as median_gbp,
        case
            when grouping(engagements.pay_unit) = 0
                then percentile_cont(0.25) within group (order by engagements.rate_gbp)::numeric
        end as lower_quartile_gbp,
        case
            when grouping(engagements.pay_unit) = 0
                then percentile_cont(0.75) within group (order by engagements.rate_gbp)::numeric
        end as upper_quartile_gbp,
        count(engagements.pqe_years)::integer as pqe_known,
        percentile_cont(0.5) within group (order by engagements.pqe_years)::numeric as pqe_median_years
    from places
    inner join engagements
        on places.period_label = engagements.period_label and places.unit_code = engagements.unit_code
    group by
        places.period_label,
        places.place_code,
        grouping sets (
            (),
            (engagements.ep_grade),
            (engagements.pay_unit),
            (engagements.ep_grade, engagements.pay_unit)
        )
)

select * from final
