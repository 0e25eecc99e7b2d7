{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with returned as (
    select unit_code, period_end
    from {{ ref('int_agency_rules__quarters_returned') }}
    where is_returned
),

assignments as (
    select
        assignments.submission_id,
        assignments.assignment_id,
        assignments.authority_code,
        assignments.unit_code,
        assignments.period_label,
        assignments.period_start,
        assignments.period_end,
        assignments.role_type,
        assignments.payment_basis,
        assignments.rate_basis,
        assignments.hourly_rate_gbp,
        assignments.notice_weeks,
        assignments.substantive_notice_weeks,
        assignments.pqe_years,
        assignments.pqe_3plus,
        assignments.left_substantive_date,
        assignments.left_dfe_code,
        nullif(assignments.cool_off_exemption, 'NONE') as cool_off_exemption,
        assignments.references_received,
        assignments.cap_signoff_dcs_date,
        assignments.cap_signoff_ce_date,
        assignments.start_date,
        assignments.end_date,
        assignments.is_synthetic,
        -- Rules and caps are those of the assignment's last active day in the quarter (domain notes, section 5.2).
        least(assignments.end_date, assignments.period_end) as judged_on
    from {{ ref('stg_agency_quarterly__assignment') }} as assignments
    inner join returned
        on assignments.unit_code = returned.unit_code and assignments.period_end = returned.period_end
),

-- The one authority outside the London Pledge is not named: until it is, no row says OUTSIDE.
outside_the_pledge as (
    select
        memberships.authority_code,
        authorities.unit_code,
        memberships.valid_from,
        coalesce(memberships.valid_to, date '9999-12-31') as valid_to
    from {{ ref('pledge_memberships') }} as memberships
    inner join {{ ref('bridge_authority_reporting_unit') }} as authorities
        on memberships.authority_code = authorities.authority_code
    where memberships.pledge = 'LONDON_PLEDGE' and memberships.membership = 'OUTSIDE'
),

final as (
    select
        assignments.submission_id,
        assignments.assignment_id,
        assignments.authority_code,
        assignments.unit_code,
        assignments.period_label,
        assignments.period_start,
        assignments.period_end,
        assignments.role_type,
        assignments.payment_basis,
        assignments.rate_basis,
        assignments.hourly_rate_gbp,
        caps.cap_gbp,
        caps.source as cap_source,
        -- Like with like only: the cap of the same payment basis, and a rate that may be set beside a cap at all.
        case when rate_bases.is_comparable_with_cap then caps.cap_gbp - assignments.hourly_rate_gbp end as headroom_gbp,
        assignments.notice_weeks,
        assignments.substantive_notice_weeks,
        assignments.pqe_years,
        assignments.pqe_3plus,
        assignments.left_substantive_date,
        assignments.left_dfe_code,
        assignments.cool_off_exemption,
        assignments.references_received,
        -- A joint return bears the unit's own code.
        coalesce(outside.is_outside, false) as is_outside_london_pledge,
        assignments.cap_signoff_dcs_date is not null and assignments.cap_signoff_ce_date is not null as is_signed_off,
        assignments.start_date,
        assignments.end_date,
        assignments.judged_on,
        assignments.is_synthetic
    from assignments
    left join {{ ref('price_caps') }} as caps
        on
            caps.region = 'LONDON'
            and assignments.role_type = caps.role_type
            and assignments.payment_basis = caps.payment_basis
            and assignments.judged_on between caps.valid_from and coalesce(caps.valid_to, date '9999-12-31')
    left join lateral (
        select bool_or(true) as is_outside
        from outside_the_pledge
        where
            assignments.authority_code in (outside_the_pledge.authority_code, outside_the_pledge.unit_code)
            and assignments.judged_on between outside_the_pledge.valid_from and outside_the_pledge.valid_to
    ) as outside on true
    left join {{ ref('agency_rate_bases') }} as rate_bases on assignments.rate_basis = rate_bases.rate_basis
)

select * from final
