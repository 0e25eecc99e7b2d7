with quality as (
    select
        site,
        month,
        source,
        source_label,
        source_order,
        is_complete,
        last_complete_day,
        is_sampled,
        is_thresholded,
        has_other_row_loss,
        counting_rule,
        note,
        is_synthetic
    from {{ ref('mart_lswc__data_quality') }}
),

counting_rules as (
    select
        counting_rule,
        counting_rule_label
    from {{ ref('lswc_counting_rules') }}
),

by_month as (
    select
        quality.site,
        quality.month,
        count(*)::integer as sources,
        count(*) filter (where quality.is_complete)::integer as sources_complete,
        min(quality.last_complete_day) as complete_to,
        string_agg(quality.source_label || ': ' || quality.note, ' ' order by quality.source_order)
        filter (where not quality.is_complete) as incomplete_note,
        coalesce(bool_or(quality.is_sampled), false) as is_sampled,
        coalesce(bool_or(quality.is_thresholded), false) as is_thresholded,
        coalesce(bool_or(quality.has_other_row_loss), false) as has_other_row_loss,
        max(counting_rules.counting_rule_label) filter (where quality.source = 'job_board') as job_counting_rule_label,
        bool_or(quality.is_synthetic) as is_synthetic
    from quality
    left join counting_rules on quality.counting_rule = counting_rules.counting_rule
    group by quality.site, quality.month
),

-- Before the first delivery a dashboard still needs a month to stand on: the one of the launch, without figures.
final as (
    select
        sites.site,
        coalesce(by_month.month, {{ month_of('sites.launched_on') }}) as month,
        case when by_month.month is null then 'No month yet' else {{ month_name('by_month.month') }} end as month_label,
        by_month.month is not null as has_figures,
        coalesce(by_month.sources, 0) as sources,
        coalesce(by_month.sources_complete, 0) as sources_complete,
        by_month.complete_to,
        by_month.incomplete_note,
        coalesce(by_month.is_sampled, false) as is_sampled,
        coalesce(by_month.is_thresholded, false) as is_thresholded,
        coalesce(by_month.has_other_row_loss, false) as has_other_row_loss,
        by_month.job_counting_rule_label,
        coalesce(by_month.is_synthetic, false) as is_synthetic
    from {{ ref('lswc_sites') }} as sites
    left join by_month on sites.site = by_month.site
)

select * from final
