with source_months as (
    select
        site,
        month,
        source,
        source_label,
        source_order,
        completeness,
        days_complete,
        days_in_month,
        last_complete_day,
        is_sampled,
        sampled_share,
        is_thresholded,
        has_other_row_loss,
        counting_rule,
        taken_on,
        received_at,
        is_synthetic
    from {{ ref('int_lswc__source_months') }}
),

final as (
    select
        site,
        month,
        source,
        source_label,
        source_order,
        completeness,
        completeness = 'complete' as is_complete,
        completeness = 'missing' as is_missing,
        days_complete,
        days_in_month,
        last_complete_day,
        is_sampled,
        round(100 * sampled_share, 2) as sampled_pct,
        is_thresholded,
        has_other_row_loss,
        counting_rule,
        taken_on,
        received_at,
        -- What a reader should know, in the order of its weight; null where there is nothing to say.
        nullif(
            concat_ws(
                ' ',
                case
                    when completeness = 'missing' then 'Nothing has arrived for this month.'
                    when completeness = 'partial'
                        then
                            'Only ' || days_complete || ' of ' || days_in_month
                            || ' days are complete, so the month is not shown.'
                end,
                case
                    when is_sampled
                        then
                            'Worked out from a sample'
                            || coalesce(' (' || to_char(100 * sampled_share, 'FM990') || '% of the data)', '') || '.'
                end,
                case when is_thresholded then 'Google left out rows about few people.' end,
                case when has_other_row_loss then 'Google put many rows together as (other).' end
            ),
            ''
        ) as note,
        is_synthetic
    from source_months
)

select * from final
