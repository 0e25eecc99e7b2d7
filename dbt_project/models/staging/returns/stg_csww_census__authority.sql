with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'csww_census'
),

source as (
    select * from {{ source('returns', 'csww_census__authority') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,

        -- text
        source.recruitment_bonus,
        source.retention_bonus,
        source.performance_award,
        source.car_allowance,
        source.relocation_package,
        source.regional_weighting,
        source.cost_swe as registration_fee_paid,
        source.cost_dbs as disclosure_check_paid,
        source.other_allowances,

        -- numbers
        extract(year from submissions.period_end)::integer as census_year,
        source.number_of_vacancies as vacancy_fte,
        source.no_agency_fte as agency_cover_fte,
        source.no_agency_headcount as agency_cover_headcount,

        -- flags
        submissions.is_synthetic
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
