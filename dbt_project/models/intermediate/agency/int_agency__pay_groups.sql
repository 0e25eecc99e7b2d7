{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with assignments as (
    select
        unit_code,
        period_end,
        role_type,
        payment_basis,
        rate_basis,
        worker_pseudonym,
        hourly_rate_gbp,
        hours_per_week
    from {{ ref('int_agency__assignments') }}
    where unit_is_counted and hourly_rate_gbp is not null
),

-- Never across payment bases or rate bases: an hour's pay, pay with on-costs and an agency's charge are three things.
grouped as (
    select
        places.place_code as unit_code,
        assignments.period_end,
        coalesce(assignments.role_type, 'all') as role_type,
        assignments.payment_basis,
        assignments.rate_basis,
        count(distinct assignments.worker_pseudonym)::integer as people,
        avg(assignments.hourly_rate_gbp) as mean_gbp,
        sum(assignments.hourly_rate_gbp * assignments.hours_per_week)
        / nullif(sum(assignments.hours_per_week), 0) as weighted_mean_gbp,
        percentile_cont(array[0.25, 0.5, 0.75]) within group (order by assignments.hourly_rate_gbp) as quartiles_gbp
    from assignments
    inner join {{ ref('int_agency__places') }} as places on assignments.unit_code = places.unit_code
    group by
        places.place_code,
        assignments.period_end,
        assignments.payment_basis,
        assignments.rate_basis,
        grouping sets ((assignments.role_type), ())
),

final as (
    select
        unit_code,
        period_end,
        role_type,
        payment_basis,
        rate_basis,
        people,
        round(mean_gbp, 2) as mean_gbp,
        round(weighted_mean_gbp, 2) as weighted_mean_gbp,
        round(quartiles_gbp[2]::numeric, 2) as median_gbp,
        round(quartiles_gbp[1]::numeric, 2) as lower_quartile_gbp,
        round(quartiles_gbp[3]::numeric, 2) as upper_quartile_gbp
    from grouped
)

select * from final
