-- One row per place, quarter and declared rule with answers: units that count, and answers by status together.
with final as (
    select
        unit_name || ' ' || period_label || ' ' || rule as place,
        units_counted,
        units_full + units_partial + units_none + units_not_applicable as answers
    from marts_candidate.mart_agency__declared_compliance
    where value_status is null
)

select * from final
order by place
