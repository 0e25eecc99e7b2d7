-- A table, because it is worked out from every advert there ever was and the planner must know how small it is.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- Drafts were never shown to anybody.
with delivered as (
    select
        job_id,
        posted_date,
        authority_code,
        title_compared,
        closing_date,
        month
    from {{ ref('stg_lswc_jobs__job_month') }}
    where status is distinct from 'draft'
),

-- A job whose posting day moved was posted again. The newest month knows best when it closed.
adverts as (
    select distinct on (job_id, posted_date)
        job_id,
        posted_date,
        authority_code,
        title_compared,
        closing_date
    from delivered
    order by job_id asc, posted_date asc, month desc
),

compared as (
    select
        adverts.*,
        max(coalesce(adverts.closing_date, adverts.posted_date)) over (
            partition by adverts.authority_code, adverts.title_compared
            order by adverts.posted_date
            range between unbounded preceding and interval '1 day' preceding
        ) as last_open_before
    from adverts
),

final as (
    select
        job_id,
        posted_date,
        authority_code,
        closing_date,
        coalesce(
            title_compared is not null and posted_date - last_open_before <= {{ var('lswc_repost_days') }},
            false
        ) as is_repost
    from compared
)

select * from final
