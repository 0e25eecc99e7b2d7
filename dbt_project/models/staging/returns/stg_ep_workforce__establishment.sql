with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'ep_workforce'
),

source as (
    select * from {{ source('returns', 'ep_workforce__establishment') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,

        -- text
        source.ep_grade,

        -- numbers
        source.headcount,
        source.fte,
        source.vacancies_fte as vacancy_fte,
        source.average_salary as average_salary_gbp,

        -- flags
        submissions.is_synthetic
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
