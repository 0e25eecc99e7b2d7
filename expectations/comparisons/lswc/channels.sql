-- One row per month whose channels are all there: their visits together as a share of the month's visits, percent.
with channels as (
    select
        month,
        sum(sessions) as sessions
    from marts_candidate.mart_lswc__channels
    where not is_thresholded and value_status is null
    group by month
),

final as (
    select
        to_char(monthly.month, 'FMMonth YYYY') as place,
        100.0 * channels.sessions / monthly.value as share_pct
    from marts_candidate.mart_lswc__monthly as monthly
    inner join channels on monthly.month = channels.month
    where monthly.kpi = 'sessions' and monthly.value > 0
)

select * from final
order by place
