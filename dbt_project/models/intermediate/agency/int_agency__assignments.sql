{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with assignments as (
    select
        submission_id,
        source_row,
        assignment_id,
        authority_code,
        unit_code,
        period_label,
        period_start,
        period_end,
        worker_pseudonym,
        role_type,
        payment_basis,
        rate_basis,
        hourly_rate_gbp,
        hours_per_week,
        fte,
        is_project_team,
        covers_vacancy,
        start_date,
        end_date,
        is_synthetic
    from {{ ref('stg_agency_quarterly__assignment') }}
),

unit_quarters as (
    select unit_code, period_end, is_returned from {{ ref('int_agency__unit_quarters') }}
),

-- An assignment is as long as it has lasted: to its end, or to the end of the quarter.
dated as (
    select
        assignments.*,
        unit_quarters.is_returned as unit_is_counted,
        least(assignments.end_date, assignments.period_end) as last_active_date
    from assignments
    inner join unit_quarters
        on assignments.unit_code = unit_quarters.unit_code and assignments.period_end = unit_quarters.period_end
),

measured as (
    select
        dated.*,
        coalesce(dated.end_date >= dated.period_end, true) as is_active_at_quarter_end,
        dated.last_active_date > dated.start_date + interval '3 months' as is_over_3_months,
        dated.last_active_date > dated.start_date + interval '6 months' as is_over_6_months,
        dated.last_active_date > dated.start_date + interval '12 months' as is_over_12_months
    from dated
),

final as (
    select
        submission_id,
        source_row,
        assignment_id,
        authority_code,
        unit_code,
        unit_is_counted,
        period_label,
        period_start,
        period_end,
        worker_pseudonym,
        role_type,
        payment_basis,
        rate_basis,
        hourly_rate_gbp,
        hours_per_week,
        fte,
        is_project_team,
        covers_vacancy,
        start_date,
        end_date,
        last_active_date,
        last_active_date - start_date + 1 as length_days,
        is_active_at_quarter_end,
        is_over_3_months,
        is_over_6_months,
        is_over_12_months,
        case
            when is_over_12_months then 'over_12_months'
            when is_over_6_months then 'from_6_to_12_months'
            when is_over_3_months then 'from_3_to_6_months'
            else 'up_to_3_months'
        end as length_band,
        is_synthetic
    from measured
)

select * from final
