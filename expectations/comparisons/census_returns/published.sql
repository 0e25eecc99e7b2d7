-- One row per unit, census year and indicator that can be compared: whether DfE's figure is that of the returns.
with final as (
    select
        indicator,
        unit_name || ' ' || census_year as place,
        is_within_rounding
    from marts_candidate.mart_census__from_returns
    where is_within_rounding is not null and unit_level = 'authority'
)

select * from final
order by indicator, place
