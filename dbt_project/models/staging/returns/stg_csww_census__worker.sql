with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'csww_census'
),

source as (
    select * from {{ source('returns', 'csww_census__worker') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,
        source.swe_no as worker_pseudonym,

        -- text
        source.age_band,
        -- Gender was asked until 2023, sex since 2024; the answers that are no sex stay in `gender_current`.
        coalesce(source.sex, case source.gender_current when '1' then 'M' when '2' then 'F' end) as sex,
        case
            when source.sex is not null or source.gender_current in ('1', '2') then null
            when source.gender_current = '0' then 'not_known'
            when source.gender_current = '9' then 'not_specified'
            else 'blank'
        end as sex_status,
        source.gender_current,
        source.ethnicity as ethnicity_code,
        source.qual_inst as qualifying_institution,
        source.qual_level,
        source.org_role,
        source.start_origin,
        source.leaver_destination,
        source.reason_leave,
        source.reason_absence,
        source.cfkss_status,

        -- numbers
        extract(year from submissions.period_end)::integer as census_year,
        source.fte,
        source.fte30 as previous_fte,
        source.cases30 as cases,
        source.working_days_lost,
        source.contract_weeks,
        source.base_salary as base_salary_gbp,
        source.rr_payments as recruitment_retention_payments_gbp,
        source.other_payments as other_payments_gbp,

        -- flags
        {{ flag('source.agency_worker') }} as is_agency_worker,
        {{ flag('source.step_up_grad') }} as is_step_up_graduate,
        {{ flag('source.frontline_grad') }} as is_frontline_graduate,
        {{ flag('source.absat30_sept') }} as is_absent_on_the_day,
        submissions.is_synthetic,

        -- dates
        source.role_start_date,
        source.role_end_date,

        -- what stood more than once in the record
        source.repeated as repeated_items
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
