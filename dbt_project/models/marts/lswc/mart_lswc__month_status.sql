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

-- Sources with the same to say are named together.
incomplete as (
    select
        site,
        month,
        note,
        string_agg(source_label, ', ' order by source_order) as source_labels,
        min(source_order) as first_order
    from quality
    where not is_complete
    group by site, month, note
),

incomplete_by_month as (
    select
        site,
        month,
        string_agg(source_labels || ': ' || note, ' ' order by first_order) as incomplete_note
    from incomplete
    group by site, month
),

by_month as (
    select
        quality.site,
        quality.month,
        count(*)::integer as sources,
        count(*) filter (where quality.is_complete)::integer as sources_complete,
        min(quality.last_complete_day) as complete_to,
        bool_or(quality.is_sampled) as is_sampled,
        bool_or(quality.is_thresholded) as is_thresholded,
        bool_or(quality.has_other_row_loss) as has_other_row_loss,
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
        incomplete_by_month.incomplete_note,
        by_month.is_sampled,
        by_month.is_thresholded,
        by_month.has_other_row_loss,
        by_month.job_counting_rule_label,
        coalesce(by_month.is_synthetic, false) as is_synthetic
    from {{ ref('lswc_sites') }} as sites
    left join by_month on sites.site = by_month.site
    left join incomplete_by_month
        on by_month.site = incomplete_by_month.site and by_month.month = incomplete_by_month.month
)

select * from final
