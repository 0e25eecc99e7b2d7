with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'leadership_in_colour'
),

source as (
    select * from {{ source('returns', 'leadership_in_colour__representation') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,

        -- text
        source.tier,
        source.ethnic_group as ethnicity_code,

        -- numbers
        extract(year from submissions.period_end)::integer as census_year,
        source.headcount,
        source.shortlisted,
        source.appointed,
        source.entered_disciplinary,
        source.leavers,
        source.funded_development,

        -- flags
        submissions.is_synthetic
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
