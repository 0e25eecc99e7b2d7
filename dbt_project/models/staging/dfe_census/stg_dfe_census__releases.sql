with source as (
    select * from {{ source('ledger', 'current_releases') }}
),

renamed as (
    select
        -- ids
        release_id,

        -- text
        dataset,
        layout,
        publication_year || ' release' as release_label,
        file_name,

        -- numbers
        publication_year,
        row_number() over (
            partition by dataset order by publication_year, received_at, release_id
        ) as release_sequence,

        -- flags
        is_current,
        is_synthetic,

        -- dates
        received_at
    from source
    where collection = 'dfe_census_statistics'
)

select * from renamed
