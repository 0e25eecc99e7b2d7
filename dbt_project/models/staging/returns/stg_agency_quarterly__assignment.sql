with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'agency_quarterly'
),

source as (
    select * from {{ source('returns', 'agency_quarterly__assignment') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,
        source.assignment_id,
        source.swe_number as worker_pseudonym,

        -- text
        source.role_type,
        source.local_role_title,
        source.payment_basis,
        source.rate_basis,
        source.pqe_3plus,
        source.left_la_code as left_dfe_code,
        source.cool_off_exemption,
        source.references_received,
        source.covers_vacancy,

        -- numbers
        source.hourly_rate as hourly_rate_gbp,
        source.hours_per_week,
        source.fte,
        source.pqe_years,
        source.notice_weeks,
        source.substantive_notice_weeks,

        -- flags
        {{ flag('source.is_project_team') }} as is_project_team,
        {{ flag('source.cap_exceeded') }} as is_above_cap,
        submissions.is_synthetic,

        -- dates
        source.start_date,
        source.end_date,
        source.left_substantive_date,
        source.cap_signoff_dcs as cap_signoff_dcs_date,
        source.cap_signoff_ce as cap_signoff_ce_date
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
