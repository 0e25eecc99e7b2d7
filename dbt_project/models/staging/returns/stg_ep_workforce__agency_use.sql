with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'ep_workforce'
),

source as (
    select * from {{ source('returns', 'ep_workforce__agency_use') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,
        source.engagement_id,

        -- text
        source.ep_grade,
        source.pay_unit,
        source.work_mode,
        source.activity,
        source.hcpc_registered,

        -- numbers
        source.rate as rate_gbp,
        source.units_in_quarter,
        source.pqe_years,

        -- flags
        submissions.is_synthetic,

        -- dates
        source.start_date,
        source.end_date
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
