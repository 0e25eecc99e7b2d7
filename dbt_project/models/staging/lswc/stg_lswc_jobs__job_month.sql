with {{ lswc_rows_that_count('lswc_jobs__job_month', 'job_month', 'month', 'counting_rule') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,
        source.job_id,
        source.authority_code,

        -- text
        source.job_title,
        trim(lower(regexp_replace(source.job_title, '[^[:alnum:]]+', ' ', 'g'))) as title_compared,
        coalesce(source.role_group, 'Not stated') as role_group,
        source.contract_type,
        source.salary_basis,
        source.status,
        source.counting_rule,
        source.apply_counting_rule,

        -- numbers
        source.salary_annual_fte_min_gbp,
        source.salary_annual_fte_max_gbp,
        source.views,
        source.unique_views,
        source.apply_clicks,
        source.applications,

        -- dates
        source.month,
        source.posted_date,
        source.closing_date,

        -- flags
        coalesce(source.is_featured, false) as is_featured,
        source.is_complete
    from source
)

select * from renamed
